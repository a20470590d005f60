"""What the proofs under faults ask for."""

from tests.kit.platform import platform
from tests.kit.shop import lonely_shop, shop

__all__ = ["lonely_shop", "platform", "shop"]
