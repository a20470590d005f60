"""Which views are there, and how do all their documents stand after each event of the log?"""

from collections.abc import Mapping

from tests.checker.findings import Findings
from tests.checker.folds.cart import CARTS
from tests.checker.folds.changes import CHANGES
from tests.checker.folds.order import HISTORY, ORDERS
from tests.checker.folds.payment import PAYMENTS
from tests.checker.folds.people import CUSTOMERS, DEEDS, NOTIFICATIONS, REVIEWS
from tests.checker.folds.product import LEVELS, PRODUCTS
from tests.checker.folds.view import View
from tests.checker.happened import Happened, Json

VIEWS = (
    CARTS,
    CHANGES,
    HISTORY,
    ORDERS,
    PAYMENTS,
    CUSTOMERS,
    DEEDS,
    NOTIFICATIONS,
    REVIEWS,
    LEVELS,
    PRODUCTS,
)

Documents = dict[str, tuple[Json | None, int]]  # by key: the document (None: it is gone) and its last event


class Folded:
    """All documents, as a fold of their own says they must stand."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.views: Mapping[str, View] = {view.name: view for view in VIEWS}
        self.documents: Mapping[str, Documents] = {view.name: {} for view in VIEWS}
        self._by_type: dict[str, list[View]] = {}

    def apply(self, event: Happened) -> None:
        for view in self._listening(event):
            documents = self.documents[view.name]
            for key in view.keys(event):
                before = documents.get(key, (None, 0))[0]
                try:
                    after = view.fold(before, event, key)
                except (KeyError, TypeError, ValueError) as odd:
                    self._findings.wrong(
                        "fold.unreadable", event.position, f"{event.type} in {view.name}: {type(odd).__name__}"
                    )
                    continue
                documents[key] = after, event.position
                if view is CHANGES and after is not None and after["change"] is not None:
                    documents[str(event.position)] = after["change"], event.position

    def get(self, view: str, key: str) -> Json | None:
        return self.documents[view].get(key, (None, 0))[0]

    def _listening(self, event: Happened) -> list[View]:
        """Whether a view hears of an event is a matter of its type; where in doubt, its keys decide."""
        found = self._by_type.get(event.type)
        if found is None:
            found = self._by_type[event.type] = [view for view in VIEWS if event.room in HEARD[view.name]]
        return found


HEARD: Mapping[str, tuple[str, ...]] = {  # rooms whose events may belong to a view
    "carts": ("cart",),
    "public_changes": ("product", "stock", "order", "notification"),
    "order_history": ("order",),
    "orders": ("order", "payment"),
    "payments": ("payment",),
    "customers": ("customer",),
    "user_events": ("customer", "cart", "order", "review", "notification"),
    "inbox": ("notification",),
    "product_reviews": ("review",),
    "stock_levels": ("stock",),
    "products": ("product", "review"),
}
