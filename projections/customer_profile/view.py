"""Who is this customer? For the customer and for staff: it holds personal data in plain, refolded on erasure."""

from projections.running.projection import Document, Source
from projections.running.reading import Behind, Found, Readers, Rebuilding, one

__all__ = ["Behind", "Found", "Readers", "Rebuilding"]


class AdoptedCustomer(Document, frozen=True, kw_only=True):
    """A customer record of another system; one person may have several."""

    person_id: str
    customer_id: str
    zip_code_prefix: str | None
    city: str | None
    state: str


class CustomerProfile(Document, frozen=True, kw_only=True):
    id: str
    version: int
    email: str | None = None  # none: not known, or erased
    name: str | None = None
    locale: str | None = None
    registered_at: str
    updated_at: str
    adopted: tuple[AdoptedCustomer, ...] = ()


SOURCE: Source[CustomerProfile] = Source("customers", CustomerProfile)


async def customer(readers: Readers, customer_id: str, at_least: int = 0) -> Found[CustomerProfile] | None:
    """One profile. Raises Behind, Rebuilding."""
    return await one(readers, SOURCE, customer_id, at_least)
