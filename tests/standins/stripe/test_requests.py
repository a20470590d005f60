"""Does it refuse what Stripe refuses, and list what Stripe lists?"""

import httpx2
import pytest

from tests.standins.stripe.calling import Caller, intent_of
from tools.standins.stripe import form
from tools.standins.stripe.errors import Refusal


@pytest.mark.parametrize(
    ("raw", "tree"),
    [
        (b"a=1&b=", {"a": "1", "b": ""}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        (b"a%5Bb%5D=%C3%A9", {"a": {"b": "é"}}),
        (b"", {}),
    ],
)
def test_brackets_nest(raw: bytes, tree: object) -> None:
    assert form.decode(raw) == tree


@pytest.mark.parametrize("raw", [b"a[b=1", b"a=1&a[b]=2", b"a[b]=2&a=1", b"\xff=1", b"{}"])
def test_what_is_no_form_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal):
        form.decode(raw)


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer sk_live_1", "Basic c2tfdGVzdDo="])
async def test_without_a_test_key_nobody_gets_in(stripe: Caller, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    async with httpx2.AsyncClient(base_url=stripe.url, headers=headers) as nobody:
        answer = await nobody.get("/v1/payment_intents")
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"amount": "-1"}, "parameter_invalid_integer", "amount"),
        ({"amount": "49"}, "amount_too_small", "amount"),
        ({"amount": "100000000"}, "amount_too_large", "amount"),
        ({"currency": "dollars"}, "invalid_currency", "currency"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"automatic_payment_methods[colour]": "red"}, "parameter_unknown", "automatic_payment_methods[colour]"),
        ({"confirm": "yes"}, None, "confirm"),
        ({"payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({"customer": "cus_none"}, "resource_missing", "customer"),
    ],
)
async def test_a_wrong_parameter_is_named(
    stripe: Caller, changes: dict[str, object], code: str | None, param: str
) -> None:
    answer = await stripe.post_whole("/payment_intents", intent_of(**changes))
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)
    assert answer.headers["request-id"] in error["request_log_url"]
    assert (await stripe.get("/payment_intents"))[1]["data"] == []


async def test_unknown_objects_and_addresses_are_404(stripe: Caller) -> None:
    assert (await stripe.get("/payment_intents/pi_none"))[0] == 404
    assert (await stripe.get("/invoices"))[0] == 404


async def test_lists_page_through_everything_newest_first(stripe: Caller) -> None:
    made = [(await stripe.intent())[1]["id"] for _ in range(5)]

    _, first = await stripe.get("/payment_intents", {"limit": 2})
    _, second = await stripe.get("/payment_intents", {"limit": 2, "starting_after": first["data"][-1]["id"]})
    _, back = await stripe.get("/payment_intents", {"limit": 2, "ending_before": second["data"][0]["id"]})

    assert [each["id"] for each in first["data"] + second["data"]] == made[:0:-1]
    assert (first["has_more"], second["has_more"]) == (True, True)
    assert [each["id"] for each in back["data"]] == [each["id"] for each in first["data"]]
    assert (await stripe.get("/payment_intents", {"limit": 101}))[0] == 400


async def test_objects_expand_where_they_are_named(stripe: Caller) -> None:
    await stripe.intent(capture_method="automatic")
    _, listed = await stripe.get("/payment_intents", {"expand[]": "data.latest_charge.balance_transaction"})
    assert listed["data"][0]["latest_charge"]["balance_transaction"]["amount"] == 1000
    status, body = await stripe.get("/payment_intents", {"expand[]": "data.colour"})
    assert (status, body["error"]["param"]) == (400, "expand")


async def test_payments_are_found_by_their_metadata(stripe: Caller) -> None:
    _, mine = await stripe.intent(**{"metadata[order_id]": "o'1", "metadata[shop]": "quito"})
    await stripe.intent(**{"metadata[order_id]": "o2"})

    for query in ('metadata["order_id"]:"o\'1"', "metadata['shop']:'quito' AND status:'requires_capture'"):
        _, found = await stripe.get("/payment_intents/search", {"query": query})
        assert [each["id"] for each in found["data"]] == [mine["id"]]
    _, both = await stripe.get("/payment_intents/search", {"query": "amount>=1000 AND -metadata['shop']:'lima'"})
    assert len(both["data"]) == 2
    for wrong in ("colour:'red'", "metadata['a'", "amount>1 AND status:'x' OR status:'y'", "1 = 1"):
        assert (await stripe.get("/payment_intents/search", {"query": wrong}))[0] == 400


async def test_search_may_lag_behind_lists(stripe: Caller) -> None:
    await stripe.control("PUT", "/search-lag", {"seconds": 60})
    await stripe.intent(**{"metadata[order_id]": "o1"})
    _, found = await stripe.get("/payment_intents/search", {"query": "metadata['order_id']:'o1'"})
    _, listed = await stripe.get("/payment_intents")
    assert (len(found["data"]), len(listed["data"])) == (0, 1)


async def test_customers_keep_change_and_lose_methods(stripe: Caller) -> None:
    _, customer = await stripe.post("/customers", {"email": "ana@example.test", "payment_method": "pm_card_visa"})
    _, methods = await stripe.get(f"/customers/{customer['id']}/payment_methods")
    kept = methods["data"][0]["id"]
    _, customer = await stripe.post(
        f"/customers/{customer['id']}", {"invoice_settings[default_payment_method]": kept, "metadata[a]": "1"}
    )
    assert (customer["invoice_settings"]["default_payment_method"], customer["metadata"]) == (kept, {"a": "1"})

    await stripe.post(f"/payment_methods/{kept}/detach")

    _, methods = await stripe.get(f"/customers/{customer['id']}/payment_methods")
    again, _ = await stripe.post(f"/payment_methods/{kept}/attach", {"customer": customer["id"]})
    assert (methods["data"], again) == ([], 400)
    await stripe.http.delete(f"/v1/customers/{customer['id']}")
    assert (await stripe.get(f"/customers/{customer['id']}"))[0] == 404


async def test_the_page_of_3d_secure_shows_the_payment(stripe: Caller) -> None:
    _, waiting = await stripe.intent(payment_method="pm_card_authenticationRequired")
    page = await stripe.http.get(f"/3d-secure/{waiting['id']}")
    assert (page.status_code, waiting["id"] in page.text) == (200, True)
    assert (await stripe.http.get("/3d-secure/pi_<script>")).status_code == 404
