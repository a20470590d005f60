"""Registering and signing in: one account per address, no credential in any event, and nobody learns who has one."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from infra.security.tokens import LIFETIME
from tests.write_model.api.shop import Shop, at_once, open_shop

CANARIES = ("canary.mail@example.com", "Canary Name", "canary street", "canary-password")


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


def new(**changes: object) -> dict[str, object]:
    return {"email": "ana@example.com", "password": "correct horse", "name": "Ana", **changes}


async def test_a_customer_registers_signs_in_and_reads_the_own_profile(shop: Shop) -> None:
    registered = await shop.send("POST", "/customers", new(locale="es-EC"))
    assert (registered.status_code, registered.json()["status"]) == (201, "REGISTERED")
    sign_in = await shop.send("POST", "/auth/sign-in", {"email": " ANA@example.com ", "password": "correct horse"})
    assert (sign_in.json()["tokenType"], sign_in.json()["expiresIn"]) == ("Bearer", LIFETIME)
    own = await shop.send("GET", "/customers/me", token=sign_in.json()["accessToken"])
    assert (own.json()["email"], own.json()["name"], own.json()["locale"]) == ("ana@example.com", "Ana", "es-EC")
    assert own.json()["id"] == registered.json()["id"] == sign_in.json()["customerId"]
    assert own.headers["ETag"] == '"1"'


async def test_a_profile_is_changed_by_its_owner(shop: Shop) -> None:
    _, token = await shop.customer()
    changed = await shop.send("PATCH", "/customers/me", {"name": "Eva"}, token=token)
    assert changed.json()["version"] == 2
    assert (await shop.send("GET", "/customers/me", token=token)).json()["name"] == "Eva"
    assert (await shop.send("GET", "/customers/me")).status_code == 401
    assert (await shop.send("GET", "/customers/me", token=shop.token(uuid4()))).status_code == 404


async def test_nobody_learns_from_an_answer_who_has_an_account(shop: Shop) -> None:
    await shop.customer("ana@example.com")
    head = await shop.world.log.head()
    taken = await shop.send("POST", "/customers", new(password="another one"))
    free = await shop.send("POST", "/customers", new(email="bea@example.com"))
    assert taken.status_code == free.status_code == 201
    assert taken.json().keys() == free.json().keys()
    assert (taken.json()["version"], taken.json()["status"]) == (free.json()["version"], free.json()["status"])
    assert (taken.json()["position"], free.json()["position"]) == (head, head + 1)
    wrong = await shop.send("POST", "/auth/sign-in", {"email": "ana@example.com", "password": "another one"})
    nobody = await shop.send("POST", "/auth/sign-in", {"email": "eva@example.com", "password": "another one"})
    told = [{**answer.json(), "traceId": ""} for answer in (wrong, nobody)]
    assert told[0] == told[1]
    assert (wrong.status_code, told[0]["code"]) == (401, "account.sign_in_refused")


async def test_the_same_registration_at_once_is_one_account(shop: Shop) -> None:
    answers = await at_once(*(shop.send("POST", "/customers", new()) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [row.type for row in await shop.world.rows()] == ["customer.registered"]


async def test_a_registration_that_broke_off_is_taken_up_by_signing_in(shop: Shop) -> None:
    begun = await shop.identity.begin("ana@example.com", "correct horse", "Ana", "en")
    assert begun is not None
    assert await shop.world.log.head() == 0  # here the process was killed
    row = await shop.accounts.find(begun.email_hmac)
    assert row is not None
    assert row.pending is not None
    assert b"Ana" not in row.pending
    credentials = {"email": "ana@example.com", "password": "correct horse"}
    token = (await shop.send("POST", "/auth/sign-in", credentials)).json()["accessToken"]
    own = (await shop.send("GET", "/customers/me", token=token)).json()
    assert (own["name"], own["locale"], own["id"]) == ("Ana", "en", str(begun.customer_id))
    assert await shop.accounts.find(begun.email_hmac) == replace(row, pending=None)


WRONG = [
    ("a short password", {"password": "1234567"}, "account.password_invalid"),
    ("a password that bcrypt would cut", {"password": "ñ" * 37}, "account.password_invalid"),
    ("no mail address", {"email": "ana"}, "customer.email_invalid"),
    ("no name", {"name": "   "}, "customer.name_invalid"),
    ("another language", {"locale": "xx"}, "customer.locale_unknown"),
    ("a role", {"role": "admin"}, "edge.body_invalid"),
    ("an id", {"customerId": str(uuid4())}, "edge.body_invalid"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_a_wrong_registration_is_refused_and_the_address_stays_free(
    shop: Shop, change: dict[str, object], code: str
) -> None:
    answer = await shop.send("POST", "/customers", new(**change))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await shop.world.log.head() == 0
    assert (await shop.send("POST", "/customers", new())).status_code == 201


async def test_no_canary_of_personal_data_and_no_credential_stands_in_the_log(shop: Shop) -> None:
    mail, name, street, password = CANARIES
    variant = await shop.variant_on_sale()
    assert (await shop.send("POST", "/customers", new(email=mail, password=password, name=name))).status_code == 201
    credentials = {"email": mail, "password": password}
    token = (await shop.send("POST", "/auth/sign-in", credentials)).json()["accessToken"]
    cart = await shop.ready_cart(token, variant)
    address = {"recipient": name, "line1": street, "city": "Quito", "country": "EC", "phone": "0990000000"}
    assert (await shop.send("PUT", f"/carts/{cart}/address", address, token=token)).is_success
    assert (await shop.send("POST", "/orders", {"cartId": cart}, token=token, key="k")).status_code == 201
    rows = await shop.world.rows()
    stored = b"\n".join(part for row in rows for part in (row.payload, row.metadata, row.stream.encode()))
    stored += b"\n".join(kept.answer for kept in shop.world.log._answers.values())
    for canary in (*CANARIES, token, "$2b$", "0990000000"):
        assert canary.encode() not in stored
    placed = next(row for row in rows if row.type == "order.placed")
    assert json.loads(placed.payload)["address"] is not None


async def test_no_canary_stands_in_an_access_log(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    mail, name, _, password = CANARIES
    await shop.send("POST", "/customers", new(email=mail, password=password, name=name))
    await shop.send("POST", "/auth/sign-in", {"email": mail, "password": "wrong " + password})
    said = "".join(capsys.readouterr())
    assert "/customers" in said
    assert not any(canary in said for canary in CANARIES)
