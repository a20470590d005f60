"""Does anything personal, or any secret, stand in the log, in the tables of processes, or in the files of logs?"""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.kit.client import ApiClient, eventually
from tests.kit.shop import Bought, Shop
from tools.api_client import PASSWORD

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

SCHEMAS = ("log", "work", "identity")


@dataclass(frozen=True, slots=True)
class Canaries:
    """Words that occur nowhere else, each given away as something personal."""

    mark: str

    def word(self, what: str) -> str:
        return f"{what}{self.mark}"

    @property
    def address(self) -> dict[str, object]:
        names = ("recipient", "line1", "line2", "city", "region", "phone")
        return {**{name: self.word(name) for name in names}, "postalCode": self.word("zip"), "country": "EC"}

    @property
    def all(self) -> list[str]:
        personal = ("name", "mail", "recipient", "line", "city", "region", "phone", "zip", "reason", "staff")
        return [self.mark, *(self.word(each) for each in personal)]


async def test_personal_words_and_secrets_stand_nowhere_in_a_dump(shop: Shop) -> None:
    canaries = Canaries(f"Zq{uuid4().hex[:12]}Xv")
    variant = await shop.variant()
    bought = await _buys(shop, canaries, variant)
    settings = shop.platform.settings

    dump = await asyncio.to_thread(_dump, shop)

    assert bought.payment_id.encode().hex() in dump  # of an event's payload: so the search would find the others
    for canary in canaries.all:
        assert [form for form in _forms(canary) if form in dump] == [], canary
    token = bought.customer.token or ""
    secrets = [
        PASSWORD,
        token,
        token.rpartition(".")[2],
        *settings.stripe.webhook_secrets(),
        settings.stripe.api_key.get_secret_value(),
        settings.secrets.kek.get_secret_value(),
        *_lines_of_key(settings.secrets.signing_key_pem()),
        *_lines_of_key(settings.secrets.head_key_pem()),
        "4242424242424242",
    ]
    for secret in secrets:
        assert len(secret) > 8
        assert [form for form in _forms(secret) if form in dump] == []
    logs = b"".join(file.read_bytes() for file in (shop.platform.data / "logs").iterdir())
    for word in (*canaries.all, PASSWORD, token):
        assert word.encode() not in logs


async def test_a_card_number_in_place_of_a_payment_method_is_refused(shop: Shop) -> None:
    customer = await shop.customer()
    cart = await customer.expect(201, "POST", "/carts", {})

    for number in ("4242424242424242", "4242 4242 4242 4242"):
        path = f"/carts/{cart.body['id']}/payment-method"
        refused = await customer.ask("PUT", path, {"paymentMethod": number})

        assert (refused.status, refused.code) == (422, "cart.payment_method_invalid")


async def _buys(shop: Shop, canaries: Canaries, variant: str) -> Bought:
    """Everything that a person gives away goes through: registration, profile, cart, order, mail."""
    customer = ApiClient(shop.http, shop.urls["rest"])
    await customer.register(name=canaries.word("name"), email=f"{canaries.word('mail')}@example.com".lower())
    await customer.expect(200, "PATCH", "/customers/me", {"name": canaries.word("name")})
    cart = await customer.fill_cart([(variant, 1)], address=canaries.address)
    bought = Bought(shop, customer, await customer.place(cart.body["id"], wait=5))
    assert bought.placed.status == 201
    await bought.paid()

    async def mail() -> bool | None:
        found = await shop.http.get(f"{shop.urls['mail_pages']}/messages", params={"to": customer.email})
        return bool(found.json()["messages"]) or None

    await eventually(mail)
    await _gives_back(shop, bought, canaries)
    return bought


async def _gives_back(shop: Shop, bought: Bought, canaries: Canaries) -> None:
    """The words of staff and of the customer, too."""
    for client, path, body in (
        (shop.admin(), "refunds", {"reason": canaries.word("staff"), "amountMinor": 100}),
        (bought.customer, "cancel", {"reason": canaries.word("reason")}),
    ):
        given = await client.ask("POST", f"/orders/{bought.id}/{path}", body, key=uuid4().hex)
        assert given.status in (200, 202), given.body
    await bought.becomes(lambda order: order["paymentStatus"] == "REFUNDED")


def _dump(shop: Shop) -> str:
    """As pg_dump writes it: text, bytes in hexadecimal digits."""
    parts: list[str] = []
    with psycopg.connect(shop.urls["postgres"]) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname = any (%s)", (list(SCHEMAS),)
        ).fetchall()
        assert {schema for schema, _ in tables} == set(SCHEMAS)
        for schema, table in tables:
            query = sql.SQL("copy (select * from {}) to stdout").format(sql.Identifier(schema, table))
            with connection.cursor().copy(query) as rows:
                parts += [bytes(row).decode() for row in rows]
    return "".join(parts)


def _forms(word: str) -> Iterator[str]:
    """The ways in which a word may stand in a dump: plain, in base64 at any offset, both within bytes."""
    for spelled in {word, word.lower()}:
        plain = spelled.encode()
        yield spelled
        yield plain.hex()
        yield plain.hex().encode().hex()
        yield spelled.encode("utf-16-le").hex()
        for offset in range(3):
            encoded = base64.b64encode(b"x" * offset + plain).decode()
            inner = encoded[(0, 2, 3)[offset] : len(encoded) - 4]  # what does not depend on its neighbours
            yield inner
            yield inner.encode().hex()


def _lines_of_key(pem: str) -> list[str]:
    return [line for line in pem.splitlines() if len(line) > 40 and "-" not in line]
