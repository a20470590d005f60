"""Events in, document out, room by room."""

from datetime import timedelta

from projections.cart_contents.projector import CART_CONTENTS, copies
from projections.customer_profile.projector import CUSTOMER_PROFILE
from projections.inbox.projector import INBOX
from projections.order_history.projector import ORDER_HISTORY
from projections.payment_ledger.projector import PAYMENT_LEDGER
from projections.product_page.projector import PRODUCT_PAGE, columns
from projections.product_reviews.projector import PRODUCT_REVIEWS
from projections.public_changes.projector import PUBLIC_CHANGES
from projections.running.folding import State, fold, grouped, numbered
from projections.running.projection import rfc3339
from projections.stock_levels.projector import STOCK_LEVELS
from projections.user_events.projector import USER_EVENTS
from tests.kit.builders import order, payment
from tests.kit.builders.cart import cart_created, ready_cart
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import price_changed, product_created, product_on_sale, variant_added
from tests.kit.builders.stock import stock_of, stock_received, stock_reserved
from tests.kit.builders.story import a_notification, a_review, a_story
from tests.kit.given_view import BEGUN, folded, stored
from write_model.cart.events import CartConverted, CartCustomerAssigned
from write_model.customer.events import ProfileChanged
from write_model.kernel.message import Event
from write_model.notification.events import MailFailed, NotificationRead
from write_model.product.events import ProductArchived, ProductDeleted
from write_model.stock.events import ReservationAllocated, ReservationCommitted, ReservationReleased, StockRanLow


def test_a_published_product_shows_its_variants_and_their_prices() -> None:
    page = folded(PRODUCT_PAGE, PRODUCT_ID, *product_on_sale(price_minor=2499))
    assert page is not None
    assert (page.status, page.version, [variant.price_minor for variant in page.variants]) == ("PUBLISHED", 3, [2499])
    assert columns(page)["price_minor"] == 2499


def test_a_price_of_tomorrow_is_known_today_and_in_force_tomorrow() -> None:
    tomorrow = BEGUN + timedelta(days=1)
    page = folded(PRODUCT_PAGE, PRODUCT_ID, *product_on_sale(), price_changed(after_minor=1999, valid_from=tomorrow))
    assert page is not None
    [variant] = page.variants
    assert variant.price_minor == 2499
    assert [variant.price_at(rfc3339(moment)) for moment in (BEGUN, tomorrow)] == [2499, 1999]


def test_the_cheapest_variant_is_what_the_list_sorts_by() -> None:
    second = variant_added(variant_id=an_id("variant", 2), price_minor=999, sku="S2")
    page = folded(PRODUCT_PAGE, PRODUCT_ID, product_created(), variant_added(), second)
    assert page is not None
    assert columns(page)["price_minor"] == 999


def test_ratings_add_up_over_all_reviews_of_the_product() -> None:
    events = [*product_on_sale(), a_review(1, score=5), a_review(2, score=2)]
    page = folded(PRODUCT_PAGE, PRODUCT_ID, *events)
    assert page is not None
    assert (page.rating.sum, page.rating.count, page.version) == (7, 2, 3)


def test_a_deleted_product_has_no_page_and_an_archived_one_says_so() -> None:
    assert folded(PRODUCT_PAGE, PRODUCT_ID, product_created(), ProductDeleted(product_id=PRODUCT_ID)) is None
    archived = folded(
        PRODUCT_PAGE, PRODUCT_ID, *product_on_sale(), ProductArchived(product_id=PRODUCT_ID, reason="old")
    )
    assert archived is not None
    assert archived.status == "ARCHIVED"


def stock_after(*events: Event) -> tuple[int, int, int]:
    level = folded(STOCK_LEVELS, VARIANT_ID, *stock_of(10), *events)
    assert level is not None
    return level.on_hand, level.reserved, level.available


def test_reserved_units_stay_on_hand_until_they_are_shipped() -> None:
    whose = {"product_id": PRODUCT_ID, "variant_id": VARIANT_ID, "warehouse": "main", "available": 7}
    allocated = ReservationAllocated(**whose, reservation_id=ORDER_ID, quantity=3)  # type: ignore[arg-type]
    shipped = ReservationCommitted(**whose, reservation_id=ORDER_ID, quantity=3)  # type: ignore[arg-type]
    assert stock_after() == (10, 0, 10)
    assert stock_after(stock_reserved()) == (10, 3, 7)
    assert stock_after(stock_reserved(), allocated) == (10, 3, 7)
    assert stock_after(stock_reserved(), allocated, shipped) == (7, 0, 7)


def test_released_units_are_available_again() -> None:
    released = ReservationReleased(
        product_id=PRODUCT_ID,
        variant_id=VARIANT_ID,
        warehouse="main",
        available=10,
        reservation_id=ORDER_ID,
        quantity=3,
        reason="cancelled",
    )
    assert stock_after(stock_reserved(), released) == (10, 0, 10)


def test_low_stock_is_low_until_more_arrives() -> None:
    low = StockRanLow(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main", available=2, threshold=5)
    events = [*stock_of(10), stock_reserved(quantity=8, available=2), low]
    level = folded(STOCK_LEVELS, VARIANT_ID, *events)
    more = folded(STOCK_LEVELS, VARIANT_ID, *events, stock_received(quantity=20, available=22))
    assert level is not None
    assert more is not None
    assert (level.low, more.low) == (True, False)


def test_a_cart_shows_lines_and_totals_as_its_events_say() -> None:
    events = ready_cart()
    cart = folded(CART_CONTENTS, CART_ID, *events)
    assert cart is not None
    assert [(line.quantity, line.subtotal_minor) for line in cart.lines] == [(2, 4998)]
    assert cart.totals.total_minor == sum(line.total_minor for line in cart.lines) + cart.totals.shipping_minor
    assert (cart.has_shipping_address, cart.payment_method, cart.version) == (True, "pm_card_visa", len(events))


def test_an_open_cart_stands_under_its_holder_and_an_ordered_one_no_more() -> None:
    cart = folded(CART_CONTENTS, CART_ID, *ready_cart())
    ordered = folded(CART_CONTENTS, CART_ID, *ready_cart(), CartConverted(cart_id=CART_ID, order_id=ORDER_ID))
    [copy], [gone] = copies(cart, str(CART_ID), 5), copies(ordered, str(CART_ID), 6)
    assert copy.key == gone.key == f"cart:{CUSTOMER_ID}"
    assert copy.body is not None
    assert gone.body is None


def test_a_cart_that_gets_an_owner_moves_from_the_session_to_the_customer() -> None:
    session = an_id("session")
    anonymous = cart_created(customer_id=None, session_id=session)
    before = folded(CART_CONTENTS, CART_ID, anonymous)
    after = folded(CART_CONTENTS, CART_ID, anonymous, CartCustomerAssigned(cart_id=CART_ID, customer_id=CUSTOMER_ID))
    assert [(copy.key, copy.body is None) for copy in copies(before, str(CART_ID), 1)] == [
        (f"cart:temp:{session}", False)
    ]
    assert [(copy.key, copy.body is None) for copy in copies(after, str(CART_ID), 2)] == [
        (f"cart:{CUSTOMER_ID}", False),
        (f"cart:temp:{session}", True),
    ]


def test_the_history_shows_an_order_as_tracking_does() -> None:
    entry = folded(ORDER_HISTORY, ORDER_ID, *order.PAID)
    assert entry is not None
    assert (entry.status, entry.payment_status, entry.items, entry.total_minor) == ("CONFIRMED", "PAID", 1, order.TOTAL)


def test_the_ledger_follows_a_payment() -> None:
    def after(*events: Event) -> tuple[str, int, int]:
        found = folded(PAYMENT_LEDGER, PAYMENT_ID, payment.CREATED, *events)
        assert found is not None
        return found.status, found.authorized_minor, found.captured_minor

    assert after() == ("CREATED", 0, 0)
    assert after(payment.AUTHORIZED) == ("AUTHORIZED", 2500, 0)
    assert after(payment.AUTHORIZED, payment.CAPTURE_REQUESTED, payment.CAPTURED) == ("CAPTURED", 2500, 2500)
    assert after(payment.AUTHORIZED, payment.VOID_REQUESTED, payment.VOIDED) == ("VOIDED", 0, 0)
    assert after(payment.AUTHORIZED, payment.VOID_REQUESTED, payment.VOID_FAILED) == ("AUTHORIZED", 2500, 0)


def test_a_notification_is_read_once_its_customer_has_read_it() -> None:
    posted = a_notification()
    read = NotificationRead(notification_id=posted.notification_id, customer_id=CUSTOMER_ID, read_at=BEGUN)
    entry = folded(INBOX, posted.notification_id, posted, read)
    assert entry is not None
    assert (entry.status, entry.read_at) == ("READ", rfc3339(BEGUN))


def test_a_mail_that_failed_says_why() -> None:
    posted = a_notification(channel="email")
    failed = MailFailed(notification_id=posted.notification_id, customer_id=CUSTOMER_ID, reason_code="refused")
    entry = folded(INBOX, posted.notification_id, posted, failed)
    assert entry is not None
    assert (entry.status, entry.failure) == ("FAILED", "refused")


def test_a_review_is_about_each_product_of_the_order() -> None:
    both = (PRODUCT_ID, an_id("product", 2))
    entry = folded(PRODUCT_REVIEWS, an_id("review"), a_review(product_ids=both))
    assert entry is not None
    assert entry.product_ids == tuple(map(str, both))


def test_an_erased_customer_reads_without_name_and_address() -> None:
    from tests.kit.builders.customer import customer_registered

    erased = [
        customer_registered(email=None, name=None),
        ProfileChanged(customer_id=CUSTOMER_ID, name=None, locale="es"),
    ]
    profile = folded(CUSTOMER_PROFILE, CUSTOMER_ID, *erased)
    assert profile is not None
    assert (profile.email, profile.name) == (None, None)


def test_user_events_tell_that_an_order_was_created() -> None:
    docs = numbered(USER_EVENTS, stored(*a_story()))
    words = {doc.body["type"] for doc in docs.values() if doc.body is not None}
    assert {"order_created", "cart_item_added", "signed_up", "reviewed"} <= words
    assert all(doc.key == str(doc.position) for doc in docs.values())


def test_public_changes_stand_under_the_position_of_their_event() -> None:
    envelopes = stored(*a_story())
    told = {}
    for key, events in grouped(PUBLIC_CHANGES, envelopes).items():
        for doc in fold(PUBLIC_CHANGES, key, State(), events).entries:
            assert doc.body is not None
            told[int(doc.key)] = doc.body["type"]
    placed = next(each.position for each in envelopes if each.event is order.PLACED)
    reserved = next(each.position for each in envelopes if each.event == stock_reserved())
    assert told[placed] == "order:status_changed"
    assert told[reserved] == "stock:updated"
    assert "notification:new" in told.values()
