"""What is registered fits what is written: personal fields, subjects, stored names, and codes with their meaning."""

import re
import typing
from collections.abc import Iterator
from dataclasses import fields
from uuid import UUID

import pytest

import write_model.account.identity
import write_model.handling.authorise
import write_model.handling.failures
import write_model.handling.registry  # noqa: F401  brings in every room's refusals
from infra.ports import Schema
from write_model.handling.catalogue import CATALOGUE, language
from write_model.handling.names import EVENTS
from write_model.handling.registry import COMMANDS, DECIDERS
from write_model.kernel.personal import PersonalMarker
from write_model.kernel.refused import Kind, Refused

STATUSES = {Kind.INVALID: {422}, Kind.CONFLICT: {409}, Kind.MISSING: {404}, Kind.FORBIDDEN: {401, 403}}
OTHERWISE = {"edge.key_reused": 422, "edge.version_differs": 412}  # statuses that their headers are defined with


def refusals(of: type[Refused] = Refused) -> Iterator[type[Refused]]:
    for each in of.__subclasses__():
        if each.__module__.startswith("write_model."):
            yield each
        yield from refusals(each)


def code_of(refusal: type[Refused]) -> str:
    return refusal.code


def personal_fields(cls: type) -> tuple[str, ...]:
    hints = typing.get_type_hints(cls, include_extras=True)
    return tuple(name for name, hint in hints.items() if PersonalMarker in getattr(hint, "__metadata__", ()))


@pytest.mark.parametrize("schema", EVENTS, ids=lambda schema: schema.type)
def test_exactly_the_fields_marked_as_personal_are_sealed(schema: Schema) -> None:
    assert schema.personal_fields == personal_fields(schema.cls)


@pytest.mark.parametrize("schema", [each for each in EVENTS if each.personal_fields], ids=lambda schema: schema.type)
def test_who_personal_data_are_about_is_said_by_a_field_that_is_always_there(schema: Schema) -> None:
    assert typing.get_type_hints(schema.cls)[str(schema.subject_field)] is UUID


def test_stored_names_are_of_their_room_and_in_snake_case() -> None:
    for schema in EVENTS:
        room, _, word = schema.type.partition(".")
        assert schema.cls.__module__ == f"write_model.{room}.events"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", word), schema.type


def test_no_event_has_a_field_for_a_secret() -> None:
    secret = re.compile(r"password|secret|token|card_number|cvc|pan\b", re.IGNORECASE)
    assert [
        f"{each.type}.{name.name}" for each in EVENTS for name in fields(each.cls) if secret.search(name.name)
    ] == []


def test_every_route_answers_an_aggregate_that_is_there() -> None:
    assert {route.category for route in COMMANDS.values()} <= DECIDERS.keys()
    assert all(category == decider.category for category, decider in DECIDERS.items())


@pytest.mark.parametrize("refusal", list(dict.fromkeys(refusals())), ids=code_of)
def test_every_refusal_stands_in_the_catalogue_with_a_status_of_its_kind(refusal: type[Refused]) -> None:
    status = CATALOGUE[refusal.code].status
    assert status == OTHERWISE.get(refusal.code, status)
    assert refusal.code in OTHERWISE or status in STATUSES[refusal.kind]


def test_a_thing_of_somebody_elses_is_missing_by_the_same_word_as_a_thing_that_never_was() -> None:
    owned = {COMMANDS[command].category for command in COMMANDS if COMMANDS[command].access.owner}
    assert {f"{room}.unknown" for room in owned} <= CATALOGUE.keys()
    assert all(CATALOGUE[f"{room}.unknown"].status == 404 for room in owned)


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        (None, "es"),
        ("", "es"),
        ("en", "en"),
        ("en-GB,en;q=0.9,es;q=0.8", "en"),
        ("fr;q=1, es;q=0.3, en;q=0.7", "en"),
        ("de", "es"),
        ("en;q=0", "es"),
        ("en;q=x", "es"),
        ("*", "es"),
    ],
)
def test_titles_are_spoken_in_the_language_that_the_client_likes_best(accepted: str | None, spoken: str) -> None:
    assert language(accepted) == spoken
