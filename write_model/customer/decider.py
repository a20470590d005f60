"""A customer's profile: registered here, or adopted from another system."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from write_model.customer.commands import AdoptCustomer, ChangeProfile, CustomerCommand, RegisterCustomer
from write_model.customer.events import CustomerAdopted, CustomerEvent, CustomerRegistered, ProfileChanged
from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.kernel.text import fits

NONE, REGISTERED, ADOPTED = "NONE", "REGISTERED", "ADOPTED"
LANGUAGES = ("es", "en", "pt")
LOCALE = re.compile(rf"({'|'.join(LANGUAGES)})(-[A-Z]{{2}})?")
NAME, EMAIL = 120, 254  # characters


class AlreadyThere(Refused):
    code = "customer.already_there"


class Unknown(Refused):
    code = "customer.unknown"
    kind = Kind.MISSING


class NameInvalid(Refused):
    code = "customer.name_invalid"
    kind = Kind.INVALID


class EmailInvalid(Refused):
    code = "customer.email_invalid"
    kind = Kind.INVALID


class LocaleUnknown(Refused):
    code = "customer.locale_unknown"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: UUID | None = None
    status: str = NONE
    email: str | None = field(default=None, repr=False)  # None: adopted, or erased
    name: str | None = field(default=None, repr=False)
    email_hmac: str = ""
    locale: str = ""
    adopted: frozenset[str] = frozenset()  # ids of the records of another system


def evolve(customer: Customer, event: CustomerEvent) -> Customer:
    match event:
        case CustomerRegistered():
            return Customer(
                customer_id=event.customer_id,
                status=REGISTERED,
                email=event.email,
                name=event.name,
                email_hmac=event.email_hmac,
                locale=event.locale,
            )
        case ProfileChanged():
            return replace(customer, name=event.name, locale=event.locale)
        case CustomerAdopted():
            adopted = customer.adopted | {event.origin_customer_id}
            return Customer(customer_id=event.customer_id, status=ADOPTED, adopted=adopted)
        case _:
            assert_never(event)


def decide(command: CustomerCommand, customer: Customer, context: Context) -> Sequence[CustomerEvent]:
    match command:
        case RegisterCustomer():
            return register(command, customer)
        case ChangeProfile():
            return change_profile(command, registered(customer))
        case AdoptCustomer():
            return adopt(command, customer)
        case _:
            assert_never(command)


def register(command: RegisterCustomer, customer: Customer) -> Sequence[CustomerEvent]:
    """That an address belongs to one account only is the identity row's word, which is written before."""
    _check_name(command.name)
    _check_email(command.email)
    check_locale(command.locale)
    if customer.status == NONE:
        return [
            CustomerRegistered(
                customer_id=command.customer_id,
                email=command.email,
                name=command.name,
                email_hmac=command.email_hmac,
                locale=command.locale,
            )
        ]
    if customer.status == REGISTERED and customer.email_hmac == command.email_hmac:
        return []  # a registration that was begun before and is taken up again
    raise AlreadyThere(status=customer.status)


def change_profile(command: ChangeProfile, customer: Customer) -> Sequence[CustomerEvent]:
    if command.name is not None:
        _check_name(command.name)
    if command.locale is not None:
        check_locale(command.locale)
    name = customer.name if command.name is None else command.name
    locale = customer.locale if command.locale is None else command.locale
    if (name, locale) == (customer.name, customer.locale):
        return []
    return [ProfileChanged(customer_id=command.customer_id, name=name, locale=locale)]


def adopt(command: AdoptCustomer, customer: Customer) -> Sequence[CustomerEvent]:
    """As another system wrote it, without our rules; one person may have several records there."""
    if command.origin_customer_id in customer.adopted:
        return []
    if customer.status == REGISTERED:
        raise AlreadyThere(status=customer.status)
    return [
        CustomerAdopted(
            customer_id=command.customer_id,
            origin_person_id=command.origin_person_id,
            origin_customer_id=command.origin_customer_id,
            zip_code_prefix=command.zip_code_prefix,
            city=command.city,
            state=command.state,
        )
    ]


def registered(customer: Customer) -> Customer:
    """Turns down what needs an account."""
    if customer.status != REGISTERED:
        raise Unknown
    return customer


def check_locale(locale: str) -> None:
    """A language that we speak, alone or with a country: "es", "es-EC"."""
    if not LOCALE.fullmatch(locale):
        raise LocaleUnknown(languages=list(LANGUAGES))


def _check_name(name: str) -> None:
    if not fits(name, NAME):
        raise NameInvalid(longest=NAME)


def _check_email(email: str) -> None:
    """Only the shape that mail can be sent to; whether somebody reads there is found out by sending."""
    local, _, domain = email.rpartition("@")
    if not fits(email, EMAIL) or not local or "." not in domain or " " in email:
        raise EmailInvalid(longest=EMAIL)


CUSTOMER: Decider[CustomerCommand, CustomerEvent, Customer] = Decider("customer", Customer(), evolve, decide)
