"""Is an answer that is kept never older than what was written, and is nothing kept that nobody watches?"""

from datetime import timedelta
from uuid import uuid4

from tests.read_api.asking import LIST, PLAIN, Asking, ask, variants
from tests.read_api.world import World, code_of

__all__ = ["ask"]


async def test_the_same_question_is_answered_once(ask: Asking) -> None:
    first, was_asked = await ask(LIST)
    again, asked_again = await ask(LIST)
    assert (was_asked, asked_again) == (True, False)
    assert again.content == first.content
    other = {"x-request-id"}
    headers = [{name: text for name, text in each.headers.items() if name not in other} for each in (first, again)]
    assert headers[0] == headers[1]
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]
    assert (await ask(LIST, X_Request_Id="mine"))[0].headers["X-Request-Id"] == "mine"


async def test_another_question_is_another_answer(ask: Asking) -> None:
    await ask(LIST)
    for headers in ({"Accept-Language": "en"}, {"Origin": "https://telocompro.com"}, {"Origin": "https://else.where"}):
        answer, was_asked = await ask(LIST, **{name.replace("-", "_"): text for name, text in headers.items()})
        assert was_asked
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == ("https://telocompro.com" if headers.get("Origin") == "https://telocompro.com" else None)


async def test_what_is_the_same_for_everybody_is_kept_for_everybody(ask: Asking) -> None:
    shop = ask.world.shop
    await ask(LIST)
    for token in (shop.token(uuid4()), shop.token(uuid4(), "admin")):
        assert not (await ask(LIST, token=token))[1]
    refused, _ = await ask(LIST, token="nonsense")
    assert (refused.status_code, code_of(refused)) == (401, "edge.token_invalid")
    token = shop.token(uuid4())
    ask.world.clock.advance(901)
    assert code_of((await ask(LIST, token=token))[0]) == "edge.token_expired"


async def test_a_draft_that_staff_have_seen_is_shown_to_nobody_else(ask: Asking) -> None:
    texts = {"es": "Gorra", "en": "Cap"}
    body = {"titles": texts, "descriptions": texts, "category": "caps", "taxCategory": "standard", "currency": "USD"}
    draft = await ask.world.shop.staff("POST", "/products", body)
    await ask.world.catch_up()
    query, admin = f'{{ product(id: "{draft["id"]}") {{ id }} }}', ask.world.shop.token(uuid4(), "admin")
    for _ in range(2):
        assert (await ask(query, token=admin))[0].json()["data"]["product"] == {"id": draft["id"]}
        assert (await ask(query))[0].json()["data"]["product"] is None
        assert (await ask(query, token=ask.world.shop.token(uuid4())))[0].json()["data"]["product"] is None
        assert (await ask.get(f"/products/{draft['id']}", token=admin))[0].status_code == 200
        assert (await ask.get(f"/products/{draft['id']}"))[0].status_code == 404


async def test_what_is_ones_own_is_not_kept(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    ask = Asking(world)
    for query in (f'{{ order(id: "{order_id}") {{ id }} }}', f'{{ cart(id: "{shopper.cart}") {{ id }} }}'):
        await ask(query, token=shopper.token)
        assert (await ask(query, token=shopper.token))[1], query
    assert world.answers.size == 0


async def test_a_changed_price_is_shown_as_soon_as_it_is_heard_of(ask: Asking) -> None:
    world = ask.world
    chosen = (await variants(world))[0]
    questions = (LIST, PLAIN, f'{{ product(id: "{chosen["product"]}") {{ variants {{ price {{ amountMinor }} }} }} }}')
    paths = ("/products?limit=50", f"/products/{chosen['product']}")
    for query in questions:
        await ask(query)
    for path in paths:
        await ask.get(path)
    body = {"variantId": chosen["variant"], "priceMinor": 7777}
    await world.shop.staff("POST", f"/products/{chosen['product']}/price", body)
    await world.catch_up()
    for query in questions:
        answer, was_asked = await ask(query)
        assert was_asked
        assert '"amountMinor":7777' in answer.text
    for path in paths:
        assert '"priceMinor":7777' in (await ask.get(path))[0].text


async def test_an_answer_stays_when_something_else_changes_and_says_how_far_it_holds(ask: Asking) -> None:
    world = ask.world
    [chosen, other, *_] = await variants(world)
    query = f'{{ product(id: "{chosen["product"]}") {{ title variants {{ stock {{ available }} }} }} }}'
    first, _ = await ask(query)
    await ask.get(f"/products/{chosen['product']}")
    await world.shop.staff("POST", f"/stock-items/{other['variant']}/receipts", {"quantity": 5, "reason": "new"})
    await world.shop.staff(
        "POST", f"/products/{other['product']}/price", {"variantId": other["variant"], "priceMinor": 5}
    )
    position = await world.catch_up()
    answer, was_asked = await ask(query)
    assert not was_asked
    assert answer.json()["data"] == first.json()["data"]
    assert answer.json()["extensions"] == {"position": position}
    assert answer.headers["Consistency-Token"] == str(position)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert not (await ask(query, Consistency_Token=str(position)))[1]
    rest, was_asked = await ask.get(f"/products/{chosen['product']}", Consistency_Token=str(position))
    assert (was_asked, rest.headers["Consistency-Token"]) == (False, str(position))


async def test_positions_that_are_data_are_never_older_than_what_is_asked_for(ask: Asking) -> None:
    world = ask.world
    [chosen, other, *_] = await variants(world)
    query = f'{{ product(id: "{chosen["product"]}") {{ variants {{ stock {{ available position }} }} }} }}'
    await ask(query)
    await world.shop.staff(
        "POST", f"/products/{other['product']}/price", {"variantId": other["variant"], "priceMinor": 5}
    )
    position = await world.catch_up()
    answer, _ = await ask(query, Consistency_Token=str(position))
    assert answer.json()["data"]["product"]["variants"][0]["stock"]["position"] >= position
    assert answer.json()["extensions"]["position"] >= position


async def test_a_reader_that_is_ahead_of_the_views_waits_and_is_told(ask: Asking) -> None:
    await ask(LIST)
    ahead = str(await ask.world.head() + 1)
    answer, _ = await ask(LIST, Consistency_Token=ahead, Prefer="wait=0")
    assert (answer.status_code, code_of(answer)) == (503, "read.behind")
    assert (await ask(LIST, Consistency_Token="soon"))[0].status_code == 422


async def test_a_list_stays_while_stock_moves_and_goes_when_something_sells_out(ask: Asking) -> None:
    world = ask.world
    for chosen in await variants(world):  # amounts are known once they have moved
        path = f"/stock-items/{chosen['variant']}/receipts"
        await world.shop.staff("POST", path, {"quantity": 1, "reason": "new"})
    await world.catch_up()
    listed = "/products?available=true"
    await ask.get(listed)
    [chosen, *_] = await variants(world)
    path = f"/stock-items/{chosen['variant']}"
    await world.shop.staff("POST", f"{path}/receipts", {"quantity": 5, "reason": "new"})
    await world.catch_up()
    assert not (await ask.get(listed))[1]
    left = (await ask.get(path))[0].json()["available"]
    await world.shop.staff("POST", f"{path}/adjustments", {"quantity": -left, "reason": "lost"})
    await world.catch_up()
    answer, was_asked = await ask.get(listed)
    assert was_asked
    assert answer.status_code == 200


async def test_what_was_not_there_is_found_once_it_is(ask: Asking) -> None:
    world = ask.world
    by_slug = '{ product(slug: "gorra-nueva") { id } }'
    assert (await ask(by_slug))[0].json()["data"]["product"] is None
    assert not (await ask(by_slug))[1]
    await world.shop.variant_on_sale(units=1)
    await world.catch_up()
    assert (await ask(by_slug))[1]


async def test_a_price_that_begins_later_is_shown_from_then_on(ask: Asking) -> None:
    world = ask.world
    [chosen, *_] = await variants(world)
    begins = (world.clock._now + timedelta(seconds=60)).isoformat()
    body = {"variantId": chosen["variant"], "priceMinor": 4321, "validFrom": begins}
    await world.shop.staff("POST", f"/products/{chosen['product']}/price", body)
    await world.catch_up()
    query = f'{{ product(id: "{chosen["product"]}") {{ variants {{ price {{ amountMinor }} }} }} }}'
    before, _ = await ask(query)
    assert '"amountMinor":4321' not in before.text
    assert not (await ask(query))[1]
    world.clock.advance(61)
    assert '"amountMinor":4321' in (await ask(query))[0].text


async def test_what_has_not_changed_is_not_sent_again(ask: Asking) -> None:
    first, _ = await ask.get("/products")
    same, was_asked = await ask.get("/products", If_None_Match=f'"other", {first.headers["ETag"]}')
    assert (same.status_code, same.content, was_asked) == (304, b"", False)
    assert same.headers["ETag"] == first.headers["ETag"]
    assert "content-length" not in same.headers
    assert (await ask.get("/products", If_None_Match="*"))[0].status_code == 304
    assert (await ask.get("/products", If_None_Match='"other"'))[0].status_code == 200
