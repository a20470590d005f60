"""The twin of the accounts table."""

from dataclasses import replace
from uuid import UUID

from infra.ports import AccountRow


class MemoryAccounts:
    """Implements AccountStore."""

    def __init__(self) -> None:
        self._rows: dict[bytes, AccountRow] = {}

    async def find(self, email_hmac: bytes) -> AccountRow | None:
        return self._rows.get(email_hmac)

    async def add(self, row: AccountRow) -> AccountRow:
        return self._rows.setdefault(row.email_hmac, row)

    async def complete(self, customer_id: UUID) -> None:
        for email_hmac, row in self._rows.items():
            if row.customer_id == customer_id:
                self._rows[email_hmac] = replace(row, pending=None)
