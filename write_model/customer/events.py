"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Event
from write_model.kernel.personal import Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRegistered(Event):
    customer_id: UUID
    email: Personal[str]
    name: Personal[str]
    email_hmac: str  # hex; finds the account, never read back
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChanged(Event):
    customer_id: UUID
    name: Personal[str]
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAdopted(Event):
    """A customer record of another system; one person may have several."""

    customer_id: UUID
    origin_person_id: str
    origin_customer_id: str
    zip_code_prefix: Personal[str]
    city: Personal[str]
    state: str


CustomerEvent = CustomerRegistered | ProfileChanged | CustomerAdopted
