"""Fixtures that every test may ask for."""

from tests.kit.stack import private_redis, stack, stores

__all__ = ["private_redis", "stack", "stores"]
