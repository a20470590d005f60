"""The socket's side of the door: graphql-transport-ws, read as strictly as everything else."""

from typing import Any

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from infra.security.tokens import TokenExpired, TokenInvalid, Verifier
from read_api.auth import Viewer, bearer
from read_api.graphql.context import Context, Platform, new_context
from read_api.graphql.schema import Schema
from read_api.wait_for import Need
from write_model.handling.catalogue import language
from write_model.kernel.ids import session


class _Wish(msgspec.Struct, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class _Subscribe(msgspec.Struct):
    id: str
    payload: _Wish


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """Closes with 4400 what is no message of the protocol; the library takes any JSON for one."""

    async def handle_message(self, message: Message) -> None:
        said: object = message
        if not isinstance(said, dict) or not _is_sound(said):
            await self.handle_invalid_message("Not a message of graphql-transport-ws")
            return
        await super().handle_message(message)


class Subscriptions(GraphQL[Context, None]):
    """The token comes in `connection_init` (`authorization` or `Authorization`), or in the request's header."""

    graphql_transport_ws_handler_class = Handler

    def __init__(self, schema: Schema, platform: Platform, verifier: Verifier, origins: tuple[str, ...]) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            allowed_origins=origins,
        )
        self._platform, self._verifier = platform, verifier

    def decode_json(self, data: str | bytes) -> object:
        """Raises JSONDecodeError, for too deep a nesting as well."""
        return orjson.loads(data)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Nobody known until `connection_init`."""
        headers = request.headers
        viewer = Viewer(None, session(headers.get("cart-session")))
        context = await new_context(self._platform, viewer, Need(), language(headers.get("accept-language")))
        context.verifier, context.authorization = self._verifier, headers.get("authorization")
        return context

    async def on_ws_connect(self, context: Context) -> None:
        """Raises ConnectionRejectionError for a wrong token: the socket is closed with 4403."""
        params = context.connection_params or {}
        given = params.get("authorization") or params.get("Authorization") or context.authorization
        try:
            context.token = None if given is None else bearer(str(given))
            context.viewer_now()
        except TokenExpired:
            raise ConnectionRejectionError({"code": "edge.token_expired"}) from None
        except TokenInvalid:
            raise ConnectionRejectionError({"code": "edge.token_invalid"}) from None


def _is_sound(message: dict[str, object]) -> bool:
    """Whether the fields that the library reads are there, and of their types."""
    try:
        if message.get("type") == "subscribe":
            msgspec.convert(message, _Subscribe)
        elif message.get("type") == "complete":
            return isinstance(message.get("id"), str)
    except msgspec.ValidationError:
        return False
    return isinstance(message.get("type"), str)
