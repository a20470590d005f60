"""Which endpoints are there, what do they take, what do they do?"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tools.standins.stripe import (
    endpoints,
    intent_params,
    listing,
    params,
    payment_intents,
    payment_methods,
    refunds,
    searching,
    setup_intents,
)
from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Body

Act = Callable[[Desk, str, Body], Body]
ONLY_EXPAND: params.Spec = {"expand": params.texts}


@dataclass(frozen=True, slots=True)
class Operation:
    """`act(desk, id, parameters)`; id is "" where the path has none."""

    name: str
    method: str
    path: str
    act: Act
    spec: params.Spec = field(default_factory=lambda: ONLY_EXPAND)
    required: tuple[str, ...] = ()


def _plain(act: Callable[[Desk, Body], Body]) -> Act:
    return lambda desk, object_id, given: act(desk, given)


def _read(plural: str, kind: str) -> Operation:
    return Operation(f"{plural}.retrieve", "GET", f"/{plural}/{{id}}", lambda desk, i, given: desk.need(kind, i))


def _list(plural: str, kind: str, *filters: str) -> Operation:
    spec = params.PAGE | dict.fromkeys(filters, params.text)
    return Operation(
        f"{plural}.list",
        "GET",
        f"/{plural}",
        lambda desk, i, given: listing.page(desk, kind, f"/v1/{plural}", given, filters),
        spec,
    )


def _methods_of_customer(desk: Desk, customer_id: str, given: Body) -> Body:
    desk.need("customer", customer_id)
    url = f"/v1/customers/{customer_id}/payment_methods"
    return listing.page(desk, "payment_method", url, given | {"customer": customer_id}, ("customer", "type"))


def _endpoint(desk: Desk, endpoint_id: str, given: Body) -> Body:
    return endpoints.without_secret(desk.need("webhook_endpoint", endpoint_id))


def _endpoints(desk: Desk, endpoint_id: str, given: Body) -> Body:
    page = listing.page(desk, "webhook_endpoint", "/v1/webhook_endpoints", given, ())
    return page | {"data": [endpoints.without_secret(each) for each in page["data"]]}


def _post(name: str, path: str, act: Act, spec: params.Spec, *required: str) -> Operation:
    return Operation(name, "POST", path, act, spec, required)


CUSTOMERS = (
    _post("customers.create", "/customers", _plain(payment_methods.create_customer), payment_methods.CUSTOMER),
    _post("customers.update", "/customers/{id}", payment_methods.update_customer, payment_methods.CUSTOMER),
    Operation("customers.delete", "DELETE", "/customers/{id}", payment_methods.delete_customer),
    _read("customers", "customer"),
    _list("customers", "customer", "email"),
    Operation(
        "customers.payment_methods",
        "GET",
        "/customers/{id}/payment_methods",
        _methods_of_customer,
        params.PAGE | {"type": params.text},
    ),
)
METHODS = (
    _post("payment_methods.create", "/payment_methods", _plain(payment_methods.create_method), payment_methods.METHOD),
    _post("payment_methods.update", "/payment_methods/{id}", payment_methods.update_method, payment_methods.METHOD),
    _post(
        "payment_methods.attach",
        "/payment_methods/{id}/attach",
        payment_methods.attach,
        {"customer": params.text, "expand": params.texts},
        "customer",
    ),
    _post("payment_methods.detach", "/payment_methods/{id}/detach", payment_methods.detach, ONLY_EXPAND),
    _read("payment_methods", "payment_method"),
    _list("payment_methods", "payment_method", "customer", "type"),
)
SETUPS = (
    _post("setup_intents.create", "/setup_intents", _plain(setup_intents.create), setup_intents.CREATE),
    _post("setup_intents.update", "/setup_intents/{id}", setup_intents.update, setup_intents.CHANGE),
    _post("setup_intents.confirm", "/setup_intents/{id}/confirm", setup_intents.confirm, setup_intents.CONFIRM),
    _post("setup_intents.cancel", "/setup_intents/{id}/cancel", setup_intents.cancel, setup_intents.CANCEL),
    _read("setup_intents", "setup_intent"),
    _list("setup_intents", "setup_intent", "customer", "payment_method"),
)
INTENTS = (
    _post(
        "payment_intents.create",
        "/payment_intents",
        _plain(payment_intents.create),
        intent_params.CREATE,
        "amount",
        "currency",
    ),
    Operation(
        "payment_intents.search",
        "GET",
        "/payment_intents/search",
        _plain(searching.search),
        searching.SEARCH,
        ("query",),
    ),
    _post("payment_intents.update", "/payment_intents/{id}", payment_intents.update, intent_params.UPDATE),
    _post("payment_intents.confirm", "/payment_intents/{id}/confirm", payment_intents.confirm, intent_params.CONFIRM),
    _post("payment_intents.capture", "/payment_intents/{id}/capture", payment_intents.capture, intent_params.CAPTURE),
    _post("payment_intents.cancel", "/payment_intents/{id}/cancel", payment_intents.cancel, intent_params.CANCEL),
    _read("payment_intents", "payment_intent"),
    _list("payment_intents", "payment_intent", "customer"),
)
MONEY = (
    _post("refunds.create", "/refunds", _plain(refunds.create), refunds.CREATE),
    _post("refunds.update", "/refunds/{id}", refunds.update, {"metadata": params.metadata, "expand": params.texts}),
    _read("refunds", "refund"),
    _list("refunds", "refund", "payment_intent", "charge"),
    _read("charges", "charge"),
    _list("charges", "charge", "customer", "payment_intent"),
    _read("balance_transactions", "balance_transaction"),
    _list("balance_transactions", "balance_transaction", "source", "type", "currency"),
)
TELLING = (
    _read("events", "event"),
    _list("events", "event", "type"),
    _post(
        "webhook_endpoints.create",
        "/webhook_endpoints",
        _plain(endpoints.create),
        endpoints.CREATE,
        "url",
        "enabled_events",
    ),
    _post("webhook_endpoints.update", "/webhook_endpoints/{id}", endpoints.update, endpoints.UPDATE),
    Operation("webhook_endpoints.delete", "DELETE", "/webhook_endpoints/{id}", endpoints.delete),
    Operation("webhook_endpoints.retrieve", "GET", "/webhook_endpoints/{id}", _endpoint),
    Operation("webhook_endpoints.list", "GET", "/webhook_endpoints", _endpoints, params.PAGE),
)
OPERATIONS: tuple[Operation, ...] = (*INTENTS, *MONEY, *CUSTOMERS, *METHODS, *SETUPS, *TELLING)  # the busiest first
