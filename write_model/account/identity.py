"""Who is this? Accounts: an address (as an HMAC) with a password. The profile is an aggregate of its own."""

import hashlib
import hmac
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from infra.codec.personal_data import NONCE, seal, unseal
from infra.ports import AccountRow, AccountStore, Keys
from infra.security.tokens import Principal
from write_model.kernel.ids import Ids
from write_model.kernel.refused import Kind, Refused

SHORTEST, LONGEST = 8, 72  # a password: characters at least, bytes at most
SEALED = "registration"  # the field that `pending` is sealed as
USER = "user"


class SignInRefused(Refused):
    """No such address, or another password: which of them is not said."""

    code = "account.sign_in_refused"
    kind = Kind.FORBIDDEN


class PasswordInvalid(Refused):
    code = "account.password_invalid"
    kind = Kind.INVALID


class Hashing(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Registration:
    """What the customer's profile begins with. It may be sent again: the profile knows it."""

    customer_id: UUID
    email_hmac: bytes
    email: str = field(repr=False)
    name: str = field(repr=False)
    locale: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    principal: Principal
    unfinished: Registration | None  # a registration that broke off


class Identity:
    """Accounts over their store. `pepper` is a secret of the platform that never changes."""

    def __init__(
        self,
        store: AccountStore,
        keys: Keys,
        passwords: Hashing,
        ids: Ids,
        pepper: bytes,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store
        self._keys = keys
        self._passwords = passwords
        self._ids = ids
        self._pepper = pepper
        self._random_bytes = random_bytes

    async def begin(self, email: str, password: str, name: str, locale: str) -> Registration | None:
        """The account's row, so that the address is taken. None: it is taken by somebody with another password.

        The same address and password again give the same registration. Raises PasswordInvalid, Busy, Unavailable.
        """
        _check(password)
        email_hmac = self.email_hmac(email)
        row = await self._store.find(email_hmac)
        if row is None:
            made = await self._new_row(email_hmac, password, name, locale)
            row = await self._store.add(made)
            if row.customer_id == made.customer_id:
                return Registration(row.customer_id, email_hmac, email, name, locale)
        if not await self._passwords.matches(password, row.password_hash):
            return None
        return await self._unfinished(row, email) or Registration(row.customer_id, email_hmac, email, name, locale)

    async def sign_in(self, email: str, password: str) -> SignedIn:
        """Takes as long for an address that nobody has. Raises SignInRefused, Busy, Unavailable."""
        row = await self._store.find(self.email_hmac(email))
        right = await self._passwords.matches(password, None if row is None else row.password_hash)
        if row is None or not right:
            raise SignInRefused
        return SignedIn(Principal.of(row.customer_id, row.role), await self._unfinished(row, email))

    async def complete(self, registration: Registration) -> None:
        """The profile is there."""
        await self._store.complete(registration.customer_id)

    def email_hmac(self, email: str) -> bytes:
        """Finds an account by its address, in any case and form of writing; the address can't be read from it."""
        plain = unicodedata.normalize("NFKC", email).strip().casefold()
        return hmac.new(self._pepper, b"email/" + plain.encode(), hashlib.sha256).digest()

    async def _new_row(self, email_hmac: bytes, password: str, name: str, locale: str) -> AccountRow:
        customer_id = self._ids.new()
        password_hash = await self._passwords.hash(password)
        key = await self._keys.make(customer_id)
        plain = json.dumps({"name": name, "locale": locale}).encode()
        pending = seal(key, customer_id, SEALED, plain, self._random_bytes(NONCE)).encode()
        return AccountRow(customer_id, email_hmac, password_hash, USER, pending)

    async def _unfinished(self, row: AccountRow, email: str) -> Registration | None:
        if row.pending is None:
            return None
        key = await self._keys.make(row.customer_id)
        kept = json.loads(unseal(key, row.customer_id, row.customer_id, SEALED, row.pending.decode()))
        return Registration(row.customer_id, row.email_hmac, email, str(kept["name"]), str(kept["locale"]))


def _check(password: str) -> None:
    if len(password) < SHORTEST or len(password.encode()) > LONGEST or "\0" in password:
        raise PasswordInvalid(shortest=SHORTEST, longestBytes=LONGEST)
