"""Speaks to the stand-in as a caller of Stripe does, without the SDK."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

KEY = "sk_test_anybody"


class Caller:
    """`post` and `get` answer status and body; parameters have Stripe's own names: {"card[number]": "4242"}."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx2.AsyncClient(base_url=url, timeout=10, headers={"Authorization": f"Bearer {KEY}"})

    async def post(
        self, path: str, params: Mapping[str, object] | None = None, key: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        answer = await self.post_whole(path, params, key)
        return answer.status_code, answer.json()

    async def post_whole(
        self, path: str, params: Mapping[str, object] | None = None, key: str | None = None
    ) -> httpx2.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Idempotency-Key": key} if key else {})
        return await self.http.post(f"/v1{path}", content=urlencode(params or {}), headers=headers)

    async def get(self, path: str, params: Mapping[str, object] | None = None) -> tuple[int, dict[str, Any]]:
        answer = await self.http.get(f"/v1{path}" + (f"?{urlencode(params)}" if params else ""))
        return answer.status_code, answer.json()

    async def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.http.request(method, f"/_control{path}", json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def intent(self, key: str | None = None, **params: object) -> tuple[int, dict[str, Any]]:
        """Create and confirm, held unless said otherwise."""
        return await self.post("/payment_intents", intent_of(**params), key)


def intent_of(**changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "amount": 1000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types[]": "card",
        "capture_method": "manual",
        "confirm": "true",
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}
