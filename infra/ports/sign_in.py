"""What is asked of the store of accounts."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. The address is there only as an HMAC; what a begun registration still needs is sealed."""

    customer_id: UUID
    email_hmac: bytes
    password_hash: str = field(repr=False)
    role: str
    pending: bytes | None = field(default=None, repr=False)  # None: the registration is complete


class AccountStore(Protocol):
    async def find(self, email_hmac: bytes) -> AccountRow | None: ...

    async def add(self, row: AccountRow) -> AccountRow:
        """The row that stands there for this address: this one, or the one that was first."""

    async def complete(self, customer_id: UUID) -> None:
        """Nothing is pending any more."""
