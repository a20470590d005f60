"""What may be asked of a customer's profile."""

from dataclasses import dataclass, field
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCustomer(Command):
    customer_id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)
    email_hmac: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProfile(Command):
    customer_id: UUID
    name: str | None = field(repr=False, default=None)
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptCustomer(Command):
    customer_id: UUID
    origin_person_id: str
    origin_customer_id: str
    zip_code_prefix: str = field(repr=False)
    city: str = field(repr=False)
    state: str


CustomerCommand = RegisterCustomer | ChangeProfile | AdoptCustomer
