"""Fixtures of the contract suites."""

from tests.infra.contract.work_worlds import stored

__all__ = ["stored"]
