"""Keeps who a customer is. After an erasure the events read without names, and so does a refold."""

from collections.abc import Sequence

from msgspec.structs import replace

from projections.customer_profile.view import SOURCE, AdoptedCustomer, CustomerProfile
from projections.running.projection import Projection, rfc3339
from write_model.customer.events import CustomerAdopted, CustomerEvent, CustomerRegistered, ProfileChanged
from write_model.kernel.message import Envelope


def key(envelope: Envelope[CustomerEvent]) -> Sequence[str]:
    return (str(envelope.event.customer_id),)


def project(profile: CustomerProfile | None, envelope: Envelope[CustomerEvent], key: str) -> CustomerProfile | None:
    event, at = envelope.event, rfc3339(envelope.effective_at)
    match event:
        case CustomerRegistered():
            return CustomerProfile(
                id=key,
                version=envelope.version,
                email=event.email,
                name=event.name,
                locale=event.locale,
                registered_at=at,
                updated_at=at,
            )
        case CustomerAdopted():
            told = AdoptedCustomer(
                person_id=event.origin_person_id,
                customer_id=event.origin_customer_id,
                zip_code_prefix=event.zip_code_prefix,
                city=event.city,
                state=event.state,
            )
            if profile is None:
                return CustomerProfile(
                    id=key, version=envelope.version, registered_at=at, updated_at=at, adopted=(told,)
                )
            return replace(profile, version=envelope.version, updated_at=at, adopted=(*profile.adopted, told))
        case ProfileChanged():
            if profile is None:
                return None
            return replace(profile, version=envelope.version, name=event.name, locale=event.locale, updated_at=at)


CUSTOMER_PROFILE: Projection[CustomerProfile] = Projection(
    name="customer_profile",
    source=SOURCE,
    handles=(CustomerRegistered, ProfileChanged, CustomerAdopted),
    key=key,
    project=project,
    indexes=((("adopted.personId", 1),),),
    gathers=0.25,
)
