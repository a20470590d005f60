"""Who uses the shop while it is harmed? Shoppers of the public API, who repeat under the same key until they know.

Each request is a record of the history, also those that never got an answer.
"""

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2

from infra.lost_connections import LOST
from infra.security.tokens import Principal, SigningKey, sign
from tests.faults.history import History, begun
from tools.api_client import ADDRESS, ApiClient, Reply
from tools.token import OPERATOR

GOOD_CARDS = ("pm_card_visa", "pm_card_mastercard")
BAD_CARD = "pm_card_chargeDeclined"
AGAIN = frozenset({429, 503})
IN_FLIGHT = "edge.in_flight"
PATIENCE = 90.0  # seconds until a shopper gives up: longer than any fault lasts
PAID_WITHIN = 240.0  # seconds: each outage of the provider costs half a minute's rest, and up to one until the next try
SIGN_IN_AFTER = 300.0  # seconds; a token lasts for three times as long
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between two tries
SETTLED = frozenset({"CONFIRMED", "PREPARING", "CANCELLED", "EXPIRED", "PAYMENT_FAILED", "REFUNDED"})
ENDED = frozenset({"CANCELLED", "EXPIRED", "REFUNDED", "PARTIALLY_REFUNDED"})


class GaveUp(Exception):
    """Something that should have come within a shopper's patience did not."""


class Wrong(Exception):
    """The API said something that it must not say."""


@dataclass(slots=True)
class Party:
    """Somebody with a name in the history, who asks until there is an answer."""

    name: str
    api: ApiClient
    history: History
    longest_pause: float = LONGEST_PAUSE
    seen: int = 0  # the newest position that this client knows of
    outcomes: Counter[str] = field(default_factory=Counter)

    async def tell(self, operation: str, method: str, path: str, body: object = None, **named: Any) -> Reply:
        """One command, repeated under one key. Raises GaveUp, Wrong."""
        key = str(named.pop("key", None) or uuid4().hex)
        return await self._until("command", operation, method, path, body, key=key, **named)

    async def look(self, operation: str, path: str, *, own: bool = True) -> Reply:
        """One read; `own`: not older than what this client knows of."""
        return await self._until("read", operation, "GET", path, token=self.seen if own else None, wait=5)

    async def _until(
        self,
        kind: str,
        operation: str,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        token: int | None = None,
        wait: int | None = None,
    ) -> Reply:
        until, pause = time.monotonic() + PATIENCE, FIRST_PAUSE
        while True:
            reply = await self._once(kind, operation, method, path, body, key=key, token=token, wait=wait)
            if reply is not None and not (reply.status in AGAIN or reply.code == IN_FLIGHT):
                if reply.status >= 500:
                    raise Wrong(f"{method} {path}: {reply.status} {reply.body}"[:300])
                return reply
            if time.monotonic() > until:
                raise GaveUp(f"{method} {path}: {'no answer' if reply is None else reply.code} for {PATIENCE:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self.longest_pause)

    async def _once(
        self,
        kind: str,
        operation: str,
        method: str,
        path: str,
        body: object,
        *,
        key: str | None,
        token: int | None,
        wait: int | None,
    ) -> Reply | None:
        record = begun(self.name, kind, operation, path, key, token)
        try:
            reply = await self.api.ask(method, path, body, key=key, wait=wait, at_least=token)
        except LOST:
            self.outcomes["no answer"] += 1
            self.history.add(record)
            return None
        self.outcomes[str(reply.status)] += 1
        record.answered, record.status = time.monotonic(), reply.status
        if "consistency-token" in reply.headers:
            record.position = reply.position
            self.seen = max(self.seen, reply.position)
        if isinstance(reply.body, dict):
            record.body = reply.body
            version = reply.body.get("version")
            record.version = version if isinstance(version, int) else None
            record.stale = bool(reply.body.get("stale", False))
        self.history.add(record)
        return reply


@dataclass(slots=True)
class Shop:
    """What the shoppers find: variants on sale, and who may give money back."""

    url: str
    http: httpx2.AsyncClient
    history: History
    key: SigningKey
    variants: list[str] = field(default_factory=list)
    orders: dict[str, str] = field(default_factory=dict)  # order to customer, of all that were placed
    problems: list[str] = field(default_factory=list)

    def party(self, name: str, subject: UUID, role: str = "user") -> Party:
        client = ApiClient(self.http, self.url, customer_id=str(subject))
        party = Party(name, client, self.history)
        self.sign_in(party, role)
        return party

    def sign_in(self, party: Party, role: str = "user") -> None:
        """Anew: a token lasts for fifteen minutes."""
        subject = UUID(party.api.customer_id)
        party.api.token = sign(Principal.of(subject, role), self.key, datetime.now(UTC))

    async def customer(self, name: str) -> Party:
        """Registered over the API."""
        party = self.party(name, OPERATOR)
        email = f"ana.{uuid4().hex[:12]}@example.com"
        who = {"email": email, "password": "correct horse battery staple", "name": "Ana Pérez"}
        registered = await party.tell("register", "POST", "/customers", who)
        if registered.status != 201:
            raise Wrong(f"register: {registered.status} {registered.body}")
        party.api.customer_id = registered.body["id"]
        self.sign_in(party)
        return party

    async def stock(self, variants: int, units: int) -> None:
        """Products on sale, with so many units of each."""
        admin = self.party("admin", OPERATOR, "admin")
        for number in range(variants):
            label = uuid4().hex[:8]
            words = {"es": f"Gorra {label}", "en": f"Cap {label}"}
            product = {"titles": words, "descriptions": words, "category": "caps"}
            product |= {"taxCategory": "standard", "currency": "USD"}
            made = await admin.tell("create", "POST", "/products", product)
            where = f"/products/{made.body['id']}"
            sku = {"sku": f"CAP-{label.upper()}", "attributes": {}, "priceMinor": 1000 + 250 * number}
            added = await admin.tell("add variant", "POST", f"{where}/variants", sku)
            variant = added.body["variants"][-1]["id"]
            await admin.tell("publish", "POST", f"{where}/publish", {})
            delivery = {"quantity": units, "reason": "first delivery"}
            await admin.tell("receive", "POST", f"/stock-items/{variant}/receipts", delivery)
            self.variants.append(variant)


@dataclass(slots=True)
class Shopper:
    """Buys, and then keeps, cancels, or asks for money back, as chance has it."""

    shop: Shop
    party: Party
    cashier: Party
    chance: random.Random
    pause: float = 0.5  # seconds between two purchases, on average
    done: Counter[str] = field(default_factory=Counter)

    async def run(self, ended: asyncio.Event) -> None:
        """Until told to end; the purchase under way is finished."""
        signed_in = -math.inf  # anew for each round: the last one may be long ago
        while not ended.is_set():
            if time.monotonic() > signed_in + SIGN_IN_AFTER:
                self.shop.sign_in(self.party)
                self.shop.sign_in(self.cashier, "admin")
                signed_in = time.monotonic()
            try:
                await self._purchase()
            except (GaveUp, Wrong) as problem:
                self.shop.problems.append(f"{self.party.name}: {problem}")
            except Exception as problem:  # an answer that nobody had thought of: told, and the run goes on
                self.shop.problems.append(f"{self.party.name}: {type(problem).__name__}: {problem}"[:300])
            await asyncio.sleep(self.chance.uniform(0, 2 * self.pause))

    async def _purchase(self) -> None:
        card = BAD_CARD if self.chance.random() < 0.08 else self.chance.choice(GOOD_CARDS)
        cart = await filled_cart(self.party, self.chance.sample(self.shop.variants, 2), card)
        wait = self.chance.choice((None, 2))
        placed = await self.party.tell("place", "POST", "/orders", {"cartId": cart}, wait=wait)
        if placed.status != 201:
            self.done[f"refused {placed.code}"] += 1
            return
        order = placed.body["id"]
        self.shop.orders[order] = self.party.api.customer_id or ""
        self.done["placed"] += 1
        what = self.chance.random()
        if card == BAD_CARD or what < 0.15:
            await self._cancel(order)
        elif what < 0.45:
            await self._paid(order)
            if what < 0.30:
                await self._cancel(order)
            else:
                await self._refund(order)
        else:
            await self.party.look("order", f"/orders/{order}")
            await self.party.look("stock", f"/stock-items/{self.chance.choice(self.shop.variants)}", own=False)

    async def _paid(self, order: str) -> None:
        until = time.monotonic() + PAID_WITHIN
        while True:
            read = await self.party.look("order", f"/orders/{order}")
            if read.status == 200 and (read.body["paymentStatus"] == "PAID" or read.body["status"] in ENDED):
                return
            if time.monotonic() > until:
                raise GaveUp(f"order {order} is not paid: {read.status} {read.body}"[:300])
            await asyncio.sleep(0.1)

    async def _cancel(self, order: str) -> None:
        reply = await self.party.tell("cancel", "POST", f"/orders/{order}/cancel", {"reason": "ordered by mistake"})
        self.done["cancelled" if reply.status == 200 else f"not cancelled: {reply.code}"] += 1

    async def _refund(self, order: str) -> None:
        amount = self.chance.choice((100, 250, 999))
        wish = {"reason": "damaged", "amountMinor": amount}
        reply = await self.cashier.tell("refund", "POST", f"/orders/{order}/refunds", wish)
        self.done["refunded" if reply.status == 202 else f"not refunded: {reply.code}"] += 1


async def filled_cart(party: Party, variants: Sequence[str], card: str = GOOD_CARDS[0]) -> str:
    """A cart of these that can be ordered. Raises GaveUp, Wrong."""
    created = await party.tell("create cart", "POST", "/carts", {})
    if created.status != 201:
        raise Wrong(f"create cart: {created.status} {created.body}"[:300])
    cart = str(created.body["id"])
    where = f"/carts/{cart}"
    for variant in variants:
        await _accepted(party, "POST", f"{where}/items", {"variantId": variant, "quantity": 1})
    await _accepted(party, "PUT", f"{where}/address", dict(ADDRESS))
    await _accepted(party, "PUT", f"{where}/delivery", {"option": "standard"})
    await _accepted(party, "PUT", f"{where}/payment-method", {"paymentMethod": card})
    return cart


async def _accepted(party: Party, method: str, path: str, body: object) -> None:
    reply = await party.tell(path.rpartition("/")[2], method, path, body)
    if reply.status != 200:
        raise Wrong(f"{method} {path}: {reply.status} {reply.body}"[:300])
