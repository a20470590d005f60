from dataclasses import replace

import pytest

from tests.kit.builders.customer import customer_registered
from tests.kit.builders.ids import CUSTOMER_ID
from tests.kit.given import given
from write_model.customer.commands import AdoptCustomer, ChangeProfile, RegisterCustomer
from write_model.customer.decider import (
    CUSTOMER,
    AlreadyThere,
    EmailInvalid,
    LocaleUnknown,
    NameInvalid,
    Unknown,
)
from write_model.customer.events import CustomerAdopted, ProfileChanged
from write_model.customer.public import answer, profile

REGISTERED = customer_registered()
REGISTER = RegisterCustomer(
    customer_id=CUSTOMER_ID,
    email="maria@example.com",
    name="María Quishpe",
    email_hmac=REGISTERED.email_hmac,
    locale="es",
)
ADOPT = AdoptCustomer(
    customer_id=CUSTOMER_ID,
    origin_person_id="57b2a98a409812fe9618067b6b8ebe4f",
    origin_customer_id="5e274e7a0c3809e14aba7ad5aae0d407",
    zip_code_prefix="35182",
    city="timoteo",
    state="MG",
)
ADOPTED = CustomerAdopted(
    customer_id=CUSTOMER_ID,
    origin_person_id="57b2a98a409812fe9618067b6b8ebe4f",
    origin_customer_id="5e274e7a0c3809e14aba7ad5aae0d407",
    zip_code_prefix="35182",
    city="timoteo",
    state="MG",
)


def test_a_customer_registers_once() -> None:
    given(CUSTOMER).when(REGISTER).then(REGISTERED)
    given(CUSTOMER, REGISTERED).when(REGISTER).nothing()


def test_a_registration_is_taken_up_again_whatever_name_is_given() -> None:
    given(CUSTOMER, REGISTERED).when(replace(REGISTER, name="María")).nothing()


def test_another_address_under_the_same_id_is_refused() -> None:
    given(CUSTOMER, REGISTERED).when(replace(REGISTER, email_hmac="other")).refused(AlreadyThere, status="REGISTERED")


def test_an_adopted_customer_has_no_account_and_gets_none() -> None:
    given(CUSTOMER, ADOPTED).when(REGISTER).refused(AlreadyThere, status="ADOPTED")
    given(CUSTOMER, ADOPTED).when(ChangeProfile(customer_id=CUSTOMER_ID, name="Ana")).refused(Unknown)


@pytest.mark.parametrize("email", ["", "maria", "maria@", "@example.com", "maria@host", "a b@c.d", "x" * 250 + "@c.de"])
def test_an_address_that_no_mail_can_reach_is_refused(email: str) -> None:
    given(CUSTOMER).when(replace(REGISTER, email=email)).refused(EmailInvalid, longest=254)


@pytest.mark.parametrize("name", ["", " ", "x" * 121, "nul\0", "two\nlines"])
def test_a_name_is_readable(name: str) -> None:
    given(CUSTOMER).when(replace(REGISTER, name=name)).refused(NameInvalid, longest=120)
    wish = ChangeProfile(customer_id=CUSTOMER_ID, name=name)
    given(CUSTOMER, REGISTERED).when(wish).refused(NameInvalid, longest=120)


@pytest.mark.parametrize("locale", ["es", "en", "pt", "es-EC", "en-US"])
def test_a_language_that_we_speak_is_taken(locale: str) -> None:
    assert given(CUSTOMER).when(replace(REGISTER, locale=locale)).state.locale == locale


@pytest.mark.parametrize("locale", ["", "xx", "es-", "es-ec", "es-ECU", "ES", "es_EC"])
def test_a_language_that_we_do_not_speak_is_refused(locale: str) -> None:
    languages = ["es", "en", "pt"]
    given(CUSTOMER).when(replace(REGISTER, locale=locale)).refused(LocaleUnknown, languages=languages)
    wish = ChangeProfile(customer_id=CUSTOMER_ID, locale=locale)
    given(CUSTOMER, REGISTERED).when(wish).refused(LocaleUnknown, languages=languages)


def test_a_profile_is_told_whole_when_a_part_of_it_changes() -> None:
    wish = ChangeProfile(customer_id=CUSTOMER_ID, locale="en")
    changed = ProfileChanged(customer_id=CUSTOMER_ID, name="María Quishpe", locale="en")
    given(CUSTOMER, REGISTERED).when(wish).then(changed)
    given(CUSTOMER, REGISTERED, changed).when(wish).nothing()


def test_a_new_name_is_told() -> None:
    wish = ChangeProfile(customer_id=CUSTOMER_ID, name="María Paz")
    given(CUSTOMER, REGISTERED).when(wish).then(ProfileChanged(customer_id=CUSTOMER_ID, name="María Paz", locale="es"))


def test_nothing_changes_where_nothing_is_asked() -> None:
    given(CUSTOMER, REGISTERED).when(ChangeProfile(customer_id=CUSTOMER_ID)).nothing()


def test_nobodys_profile_is_not_changed() -> None:
    given(CUSTOMER).when(ChangeProfile(customer_id=CUSTOMER_ID, name="Ana")).refused(Unknown)


def test_a_foreign_customer_is_adopted_once() -> None:
    given(CUSTOMER).when(ADOPT).then(ADOPTED)
    given(CUSTOMER, ADOPTED).when(ADOPT).nothing()
    given(CUSTOMER, REGISTERED).when(ADOPT).refused(AlreadyThere, status="REGISTERED")


def test_another_record_of_the_same_person_is_adopted_too() -> None:
    moved = replace(ADOPT, origin_customer_id="another record", city="sao paulo")
    told = replace(ADOPTED, origin_customer_id="another record", city="sao paulo")
    given(CUSTOMER, ADOPTED).when(moved).then(told)
    given(CUSTOMER, ADOPTED, told).when(ADOPT).nothing()


def test_an_answer_tells_nothing_personal_and_a_profile_does() -> None:
    customer = given(CUSTOMER, REGISTERED).state
    assert answer(customer) == {"id": str(CUSTOMER_ID), "status": "REGISTERED", "locale": "es"}
    assert profile(customer) == {**answer(customer), "email": "maria@example.com", "name": "María Quishpe"}


def test_neither_a_state_nor_a_command_shows_personal_data_in_a_log() -> None:
    shown = repr(given(CUSTOMER, REGISTERED).state) + repr(REGISTER) + repr(ADOPT)
    assert not any(word in shown for word in ("maria", "Quishpe", "timoteo", "35182"))
