"""When is nothing that is kept sent, how long is it kept, and how much of it?"""

import pytest

from infra.ports import Unavailable
from projections.product_page import view as pages
from projections.running.projection import MONGO, SQL
from read_api.kept.answers import OLDEST, Answers
from read_api.kept.uses import ANY, LISTED
from tests.read_api.asking import LIST, Asking, ask, variants
from tests.read_api.world import code_of

__all__ = ["ask"]


async def test_while_the_log_is_ahead_of_what_was_heard_the_stores_are_asked(ask: Asking) -> None:
    world = ask.world
    await ask(LIST)
    heard = world.changes.position
    world.changes.position = heard - 1  # the views are further than the follower
    assert (await ask(LIST))[1]
    world.changes.position = heard
    assert not (await ask(LIST))[1]


async def test_while_the_store_is_away_or_behind_nothing_kept_is_sent(
    ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = ask.world
    await ask.get("/products")

    async def away(*_: object) -> None:
        raise Unavailable("away")

    for name in ("find", "checkpoints"):
        monkeypatch.setattr(world.stores[SQL], name, away)
    world.readers.freshness.lost(SQL)
    world.changes._stood = float("-inf")
    answer, _ = await ask.get("/products")
    assert (answer.status_code, code_of(answer)) == (503, "read.rebuilding")


async def test_an_event_that_cannot_be_read_may_touch_anything(ask: Asking) -> None:
    world = ask.world
    await ask(LIST)
    world.changes._forget(world.changes.position)
    assert (await ask(LIST))[1]


async def test_a_view_that_has_switched_its_generation_has_other_answers(
    ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = ask.world
    await ask(LIST)
    live = world.readers.freshness.live
    monkeypatch.setattr(world.readers.freshness, "live", lambda source: live(source).at(1))
    assert world.changes.switches == 0
    world.changes._stood = float("-inf")
    world.changes.stands(pages.LIST)
    assert world.changes.switches == 3  # of three views
    assert world.answers.size == 0


async def test_what_was_read_before_a_change_is_not_kept_after_it(ask: Asking) -> None:
    world = ask.world
    [chosen, *_] = await variants(world)
    uses = world.answers.begin()
    uses.rests_on(pages.SOURCE, await world.head(), chosen["product"])
    body = {"variantId": chosen["variant"], "priceMinor": 1}
    await world.shop.staff("POST", f"/products/{chosen['product']}/price", body)
    await world.catch_up()
    size = world.answers.size
    world.answers.keep("late", uses, [], b"old")
    assert world.answers.size == size
    fresh = world.answers.begin()
    fresh.rests_on(pages.SOURCE, await world.head(), chosen["product"])
    world.answers.keep("new", fresh, [], b"new")
    assert world.answers.size > size


async def test_answers_take_so_many_bytes_and_no_more(ask: Asking) -> None:
    world = ask.world
    answers = Answers(world.changes, largest=10_000)
    position = await world.head()
    for number in range(20):
        uses = answers.begin()
        uses.rests_on(pages.LIST, position, ANY, LISTED)
        answers.keep(number, uses, [], b"x" * 500)
        answers.find(0, 0)  # the first is asked for all the time
    assert 0 < answers.size <= 10_000
    assert answers.find(0, 0) is not None
    assert answers.find(1, 0) is None
    assert answers.find(19, 0) is not None


async def test_an_answer_is_made_again_after_a_while(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    await ask(LIST)
    for answer in ask.world.answers._answers.values():
        answer.born -= OLDEST
    for kept in list(ask.world.platform.documents._kept):
        del ask.world.platform.documents._kept[kept]
    assert (await ask(LIST))[1]


async def test_a_document_that_waits_for_an_operator_is_asked_for_each_time(ask: Asking) -> None:
    world = ask.world
    [chosen, *_] = await variants(world)
    for store in (MONGO, SQL):
        await world.stores[store].park(pages.SOURCE.target, chosen["product"], 1, "for a test")
    query = f'{{ product(id: "{chosen["product"]}") {{ id }} }}'
    world.platform.documents._kept.clear()
    assert (await ask(query))[1]
    assert (await ask(query))[1]
