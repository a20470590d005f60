"""Fixtures that every test may ask for."""

from tests.kit.examples import choose_examples
from tests.kit.stack import private_redis, stack, stores

__all__ = ["private_redis", "stack", "stores"]

choose_examples()
