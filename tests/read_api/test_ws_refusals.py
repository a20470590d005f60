"""What does the event socket refuse, and does it go on?"""

import json
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.read_api.sockets import EVA, Door


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "edge.frame_invalid"),
        ("[]", "edge.frame_invalid"),
        ("{}", "edge.frame_invalid"),
        ('{"type": 1}', "edge.frame_invalid"),
        ('{"type": "ping", "price": 1}', "edge.frame_invalid"),
        ('{"type": "ping", "data": {"price": 1}}', "edge.frame_invalid"),
        ('{"type": "ping", "v": 2}', "edge.frame_version"),
        ('{"type": "leave:all"}', "edge.frame_unknown"),
        ('{"type": "join:order"}', "edge.frame_invalid"),
        ('{"type": "join:order", "data": {"orderId": "x"}}', "edge.frame_invalid"),
        ('{"type": "join:order", "data": {"orderId": 1}}', "edge.frame_invalid"),
        ('{"type": "join:order", "data": []}', "edge.frame_invalid"),
        ('{"type": "join:stock", "data": {"variantIds": []}}', "edge.frame_invalid"),
        ('{"type": "join:stock", "data": {"variantIds": "x"}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": -1}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": "1"}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": true}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": 1.5}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": 99999999999999999999}}', "edge.frame_invalid"),
        ('{"type": "resume", "data": {"position": 0, "channels": ["x"]}}', "edge.not_found"),
        ('{"type": "resume", "data": {"position": 0, "channels": ["stock:x"]}}', "edge.not_found"),
        (f'{{"type": "resume", "data": {{"position": 0, "channels": ["customer:{EVA}"]}}}}', "edge.not_found"),
        (f'{{"type": "resume", "data": {{"position": 0, "channels": ["STOCK:{EVA}"]}}}}', "edge.not_found"),
        ('{"type": "ping", "data": ' + "[" * 8_000, "edge.frame_invalid"),
        (b"\xff\xfe", "edge.frame_invalid"),
    ],
)
async def test_a_frame_that_cant_be_read_is_answered_and_the_connection_goes_on(
    door: Door, raw: str | bytes, code: str
) -> None:
    async with door.client(door.token()) as client:
        await client.socket.send(raw)
        frame = await client.hear()
        assert (frame["type"], frame["data"]["code"]) == ("error", code)
        assert (await client.ask("ping"))["type"] == "pong"


async def test_too_many_variants_and_channels_are_refused(door: Door) -> None:
    many = [str(uuid4()) for _ in range(51)]
    async with door.client() as client:
        assert await client.refused("join:stock", variantIds=many) == "edge.frame_invalid"
        for _ in range(4):
            assert (await client.ask("join:stock", variantIds=[str(uuid4()) for _ in range(50)]))["type"] == "ack"
        assert await client.refused("join:stock", variantIds=[str(uuid4())]) == "edge.too_many_channels"


async def test_a_frame_that_is_too_large_ends_the_connection(door: Door) -> None:
    async with door.client() as client:
        await client.socket.send("x" * 20_000)
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("", {"Authorization": "Bearer nonsense"}, 401, "edge.token_invalid"),
        ("", {"Authorization": "Basic YTpi"}, 401, "edge.token_invalid"),
        ("?access_token=nonsense", {}, 401, "edge.token_invalid"),
        ("/elsewhere", {}, 404, "edge.not_found"),
    ],
)
async def test_who_may_not_come_in_is_told_why(
    door: Door, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(door.url + path, additional_headers=headers, proxy=None):
            pass
    response = refused.value.response
    assert (response.status_code, json.loads(response.body)["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"


async def test_an_expired_token_does_not_come_in(door: Door) -> None:
    token = door.token()
    door.time[0] += 901
    with pytest.raises(InvalidStatus) as refused:
        async with door.client(token):
            pass
    assert json.loads(refused.value.response.body)["code"] == "edge.token_expired"
