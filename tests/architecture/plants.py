"""Which imports must be refused? One line each: the rule's row, the contract that must break, who imports what.

Rows are those of the table "Who may import whom" in CONTRIBUTING.md.
"""

from dataclasses import dataclass

WAY = "Packages: one way down"
WRITE = "Write model: main > api > handling > checkout > rooms > pricing > kernel"
PURE = "The domain is pure: no infra, framework, driver, clock, chance or environment"
HANDLING = "Handling speaks to ports: no infra, framework or driver"
CHANCE = "Only infra meets the clock, chance and threads"
INSIDE = "Outside the write model: events, commands, public and kernel only"
DISPATCH = "The command API dispatches and decides nothing"
MAINS = "Only mains join the parts"
NO_COMMANDS = "Projections know no commands"
NO_DISPATCH = "Projections dispatch nothing"
VIEWS = "The read API sees views and commands, never projectors or events"
DOORS = "Read API: mains > doors > what the doors share"
NO_VIEWS = "Processes do not read read models"
ALOOF = "Processes decide without the outside world"
PROJECTIONS = "Projections: rooms are declared and independent"
PROCESSES = "Processes: rooms are declared and independent"
SETTINGS = "Only a main (or a tool) reads settings"
CHECKER = "The checker shares no code with what it checks"

# Modules that contracts name: in the copy they are there even when the tree lacks them.
SKELETON = (
    "infra.settings",
    "write_model.main",
    "write_model.handling.registry",
    "write_model.handling.bus",
    "projections.main",
    "processes.main",
    "processes.main_workers",
    "read_api.auth",
    "read_api.wait_for",
    "read_api.main_http",
    "read_api.main_ws",
)


@dataclass(frozen=True, slots=True)
class Plant:
    row: str
    contract: str
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def _of(row: str, *plants: tuple[str, str, str]) -> tuple[Plant, ...]:
    return tuple(Plant(row, *plant) for plant in plants)


PLANTS: tuple[Plant, ...] = (
    *_of(
        "infra",
        (WAY, "infra.codec.json_codec", "write_model.order.events"),
        (WAY, "infra.stripe.provider", "write_model.kernel.money"),
        (WAY, "infra.postgres.view_store", "projections.order_tracking.view"),
        (WAY, "infra.embedded.servers", "tools.cli"),
        (SETTINGS, "infra.postgres.pool", "infra.settings"),
    ),
    *_of(
        "kernel",
        (WRITE, "write_model.kernel.money", "write_model.order.events"),
        (WRITE, "write_model.kernel.decider", "write_model.pricing.totals"),
        (PURE, "write_model.kernel.ids", "random"),
        (PURE, "write_model.kernel.clock", "time"),
    ),
    *_of(
        "pricing",
        (WRITE, "write_model.pricing.totals", "write_model.cart.events"),
        (PURE, "write_model.pricing.taxes", "os"),
        (PURE, "write_model.pricing.shipping", "infra.ports"),
    ),
    *_of(
        "room",
        (WRITE, "write_model.order.decider", "write_model.cart.events"),
        (WRITE, "write_model.stock.events", "write_model.order.events"),
        (WRITE, "write_model.payment.rules", "write_model.account.rows"),
        (WRITE, "write_model.order.decider", "write_model.checkout.decider"),
        (WRITE, "write_model.product.public", "write_model.handling.bus"),
        (WRITE, "write_model.loyalty.events", "write_model.kernel.message"),
        (PURE, "write_model.order.decider", "infra.ports"),
        (PURE, "write_model.stock.decider", "psycopg"),
        (PURE, "write_model.cart.public", "pydantic"),
        (PURE, "write_model.cart.events", "time"),
        (PURE, "write_model.payment.rules", "random"),
        (PURE, "write_model.notification.decider", "secrets"),
        (PURE, "write_model.review.decider", "asyncio"),
        (CHANCE, "write_model.order.decider", "random"),
        (WAY, "write_model.order.public", "projections.order_tracking.view"),
        (WAY, "write_model.stock.decider", "tests.kit.builders"),
        (SETTINGS, "write_model.customer.decider", "infra.settings"),
    ),
    *_of(
        "account",
        (WRITE, "write_model.account.rows", "write_model.customer.events"),
        (WRITE, "write_model.account.rows", "write_model.checkout.commands"),
        (WRITE, "write_model.account.rows", "write_model.handling.bus"),
    ),
    *_of(
        "checkout",
        (PURE, "write_model.checkout.decider", "infra.ports"),
        (PURE, "write_model.checkout.decider", "eventsourcing"),
        (WRITE, "write_model.checkout.decider", "write_model.handling.registry"),
    ),
    *_of(
        "handling",
        (HANDLING, "write_model.handling.bus", "infra.event_log.appender"),
        (HANDLING, "write_model.handling.bus", "sqlalchemy"),
        (HANDLING, "write_model.handling.authorise", "fastapi"),
        (WRITE, "write_model.handling.bus", "write_model.api.problems"),
        (CHANCE, "write_model.handling.bus", "time"),
    ),
    *_of(
        "api",
        (DISPATCH, "write_model.api.routes.orders", "write_model.order.decider"),
        (DISPATCH, "write_model.api.routes.orders", "write_model.order.events"),
        (DISPATCH, "write_model.api.routes.carts", "write_model.pricing.totals"),
        (WRITE, "write_model.api.app", "write_model.main"),
        (CHANCE, "write_model.api.app", "threading"),
    ),
    *_of(
        "projections",
        (INSIDE, "projections.order_tracking.projector", "write_model.order.decider"),
        (INSIDE, "projections.product_page.projector", "write_model.product.state"),
        (INSIDE, "projections.cart_contents.view", "write_model.pricing.totals"),
        (NO_COMMANDS, "projections.order_tracking.projector", "write_model.order.commands"),
        (NO_DISPATCH, "projections.inbox.projector", "write_model.handling.bus"),
        (PROJECTIONS, "projections.order_history.projector", "projections.order_tracking.view"),
        (PROJECTIONS, "projections.running.runner", "projections.inbox.projector"),
        (PROJECTIONS, "projections.points_balance.view", "write_model.kernel.message"),
        (WAY, "projections.order_tracking.view", "read_api.wait_for"),
        (WAY, "projections.stock_levels.projector", "processes.release_reservations.process"),
        (MAINS, "projections.running.runner", "write_model.handling.registry"),
        (CHANCE, "projections.running.runner", "time"),
    ),
    *_of(
        "processes",
        (INSIDE, "processes.collect_payment.process", "write_model.payment.decider"),
        (NO_VIEWS, "processes.notify_customer.sending", "projections.order_tracking.view"),
        (ALOOF, "processes.collect_payment.process", "stripe"),
        (ALOOF, "processes.collect_payment.process", "infra.ports"),
        (ALOOF, "processes.refund_payment.process", "write_model.handling.bus"),
        (ALOOF, "processes.release_reservations.process", "asyncio"),
        (PROCESSES, "processes.refund_payment.process", "processes.collect_payment.process"),
        (PROCESSES, "processes.running.runner", "processes.collect_payment.process"),
        (PROCESSES, "processes.award_points.process", "write_model.kernel.message"),
        (MAINS, "processes.running.runner", "write_model.main"),
        (WAY, "processes.notify_customer.sending", "read_api.auth"),
        (CHANCE, "processes.running.runner", "random"),
    ),
    *_of(
        "read_api",
        (VIEWS, "read_api.graphql.rooms.order", "projections.order_tracking.projector"),
        (VIEWS, "read_api.rest.routes.orders", "write_model.order.events"),
        (VIEWS, "read_api.ws.frames", "write_model.stock.public"),
        (VIEWS, "read_api.wait_for", "projections.running.runner"),
        (INSIDE, "read_api.graphql.rooms.order", "write_model.order.decider"),
        (INSIDE, "read_api.rest.app", "write_model.api.problems"),
        (DOORS, "read_api.graphql.schema", "read_api.rest.app"),
        (DOORS, "read_api.auth", "read_api.ws.frames"),
        (DOORS, "read_api.admin", "write_model.kernel.message"),
        (WAY, "read_api.ws.server", "processes.collect_payment.process"),
        (WAY, "read_api.graphql.context", "tools.cli"),
        (MAINS, "read_api.graphql.context", "projections.main"),
        (CHANCE, "read_api.ws.server", "secrets"),
        (SETTINGS, "read_api.graphql.context", "infra.settings"),
    ),
    *_of(
        "mains",
        (DOORS, "read_api.main_http", "read_api.main_ws"),
        (PROCESSES, "processes.main", "processes.main_workers"),
        (WAY, "projections.main", "tools.cli"),
        (MAINS, "processes.collect_payment.charging", "write_model.main"),
    ),
    *_of(
        "checker",
        (CHECKER, "tests.checker.folds.order", "projections.order_tracking.projector"),
        (CHECKER, "tests.checker.seals", "infra.codec.personal_data"),
        (CHECKER, "tests.checker.stock", "write_model.stock.state"),
        (CHECKER, "tests.checker.places", "tests.kit.platform"),
        (CHECKER, "tests.checker.provider", "httpx2"),
    ),
    *_of(
        "tools and tests",
        (WAY, "tools.cli", "tests.kit.builders"),
        (WAY, "processes.main", "tests.kit.builders"),
    ),
)
