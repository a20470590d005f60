"""What does a person call an order?"""

import base64
from uuid import UUID

from write_model.kernel.ids import derived

LETTERS = 10


def order_number(order_id: UUID) -> str:
    """Ten letters of base32 that can be read out; the same for ever, and made without asking which are taken."""
    return base64.b32encode(derived(order_id, "number").bytes)[:LETTERS].decode()
