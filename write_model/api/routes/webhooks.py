"""What providers tell us. Believed only when the raw body is signed; then it is one command, answered at once."""

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from write_model.api.door import Door, NotBelieved, Told
from write_model.api.operation import Operation
from write_model.api.problems import EdgeError
from write_model.api.reading import raw_body
from write_model.api.routes import examples
from write_model.handling.request import Request as BusRequest
from write_model.kernel.message import Actor
from write_model.provider_event.commands import RecordProviderEvent

LARGEST = 262_144  # bytes
STRIPE = "stripe"
ACTOR = Actor("process", "stripe_webhook")
LONGEST, LONGEST_ACTION = 255, 2_000  # characters


def operations(door: Door) -> list[Operation]:
    async def stripe(request: Request) -> Response:
        raw = await raw_body(request, LARGEST)
        try:
            told = door.webhook(raw, request.headers.get("stripe-signature"), await door.clock.now())
        except NotBelieved as refused:
            structlog.stdlib.get_logger("webhooks").warning("refused", code=refused.code)
            raise EdgeError("edge.webhook_refused") from None
        command = recorded(told)
        await door.bus.handle(BusRequest(command=command, caller="webhook:stripe", actor=ACTOR))
        return Response(orjson.dumps({"received": True}), 200, media_type="application/json")

    return [
        Operation(
            method="POST",
            path="/webhooks/stripe",
            name="stripeWebhook",
            summary="An event of the payment provider, signed over its raw body",
            tag="webhooks",
            endpoint=stripe,
            answer="Received",
            example=examples.RECEIVED,
            errors=("edge.webhook_refused", "provider_event.malformed"),
            signed_in=False,
            versioned=False,
            command=False,
        ),
    ]


def recorded(told: Told) -> RecordProviderEvent:
    """The command. A word or figure that is none, or too long, is left out: it was signed, but it stays for ever."""
    return RecordProviderEvent(
        provider=STRIPE,
        provider_event_id=_word(told.provider_event_id) or "",
        type=_word(told.type) or "",
        created_at=told.created_at,
        payment_ref=_word(told.payment_ref),
        order_id=told.order_id,
        payment_id=told.payment_id,
        status=_word(told.status),
        amount_minor=_amount(told.amount_minor),
        captured_minor=_amount(told.captured_minor),
        currency=_word(told.currency),
        decline_code=_word(told.decline_code),
        client_action=_word(told.client_action, LONGEST_ACTION),
    )


def _word(value: object, longest: int = LONGEST) -> str | None:
    fit = isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()
    return str(value) if fit else None


def _amount(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**53 else None
