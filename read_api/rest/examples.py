"""What do the answers of reads look like? The examples of the contract; a test holds them to their documents."""

from typing import Any

PRODUCT_ID = "0198c5a0-5f7e-7c3e-9d5a-0d7e7f0a1b2c"
VARIANT_ID = "0198c5a0-6a11-7d0c-8f3b-1c2d3e4f5a6b"
CART_ID = "0198c5a0-7b22-7e1d-9a4c-2d3e4f5a6b7c"
LINE_ID = "0198c5a0-8c33-7f2e-8b5d-3e4f5a6b7c8d"
ORDER_ID = "0198c5a0-9d44-7a3f-9c6e-4f5a6b7c8d9e"
PAYMENT_ID = "0198c5a0-ae55-7b40-8d7f-5a6b7c8d9eaf"
CUSTOMER_ID = "0198c5a0-bf66-7c51-9e80-6b7c8d9eafb0"
THEN = "2026-03-02T15:30:00.000000Z"
TITLES = {"es": "Gorra roja", "en": "Red cap"}
AMOUNTS = {
    "currency": "USD",
    "subtotalMinor": 4998,
    "discountMinor": 0,
    "taxMinor": 750,
    "shippingMinor": 350,
    "totalMinor": 6098,
}

PRODUCT: dict[str, Any] = {
    "id": PRODUCT_ID,
    "status": "PUBLISHED",
    "version": 3,
    "slug": "gorra-roja-k3v9ma",
    "titles": TITLES,
    "descriptions": {"es": "De algodón", "en": "Of cotton"},
    "category": "caps",
    "taxCategory": "standard",
    "currency": "USD",
    "images": [{"url": "/images/gorra-roja.svg", "alt": TITLES}],
    "variants": [
        {
            "id": VARIANT_ID,
            "sku": "CAP-RED-M",
            "attributes": {"size": "M"},
            "priceMinor": 2499,
            "prices": [{"validFrom": None, "priceMinor": 2499}],
        }
    ],
    "rating": {"sum": 9, "count": 2},
    "createdAt": THEN,
    "updatedAt": THEN,
    "adopted": None,
}
REVIEW: dict[str, Any] = {
    "id": "0198c5a0-d088-7e73-8fa2-8d9eafb0c1d2",
    "score": 5,
    "title": "Muy buena",
    "comment": "Llegó a tiempo",
    "createdOn": "2026-03-09",
    "answeredAt": None,
}
STOCK: dict[str, Any] = {
    "id": VARIANT_ID,
    "productId": PRODUCT_ID,
    "warehouse": "main",
    "onHand": 10,
    "reserved": 2,
    "available": 8,
    "low": False,
    "version": 3,
}
CART: dict[str, Any] = {
    "id": CART_ID,
    "version": 4,
    "status": "ACTIVE",
    "market": "EC",
    "currency": "USD",
    "customerId": CUSTOMER_ID,
    "sessionId": None,
    "lines": [
        {
            "id": LINE_ID,
            "productId": PRODUCT_ID,
            "variantId": VARIANT_ID,
            "sku": "CAP-RED-M",
            "titles": TITLES,
            "quantity": 2,
            "unitPriceMinor": 2499,
            "productVersion": 3,
            "subtotalMinor": 4998,
            "discountMinor": 0,
            "taxMinor": 750,
            "taxIncluded": False,
            "totalMinor": 5748,
        }
    ],
    "totals": {**AMOUNTS, "trace": []},
    "hasShippingAddress": True,
    "deliveryOption": "standard",
    "paymentMethod": "pm_card_visa",
    "orderId": None,
    "mergedInto": None,
    "createdAt": THEN,
    "updatedAt": THEN,
}
ENTRY: dict[str, Any] = {
    "position": 4722,
    "type": "order.placed",
    "at": THEN,
    "recordedAt": THEN,
    "data": {"totalMinor": 6098},
}
ORDER: dict[str, Any] = {
    "id": ORDER_ID,
    "version": 1,
    "number": "EC-260302-7Q4M",
    "customerId": CUSTOMER_ID,
    "cartId": CART_ID,
    "paymentId": PAYMENT_ID,
    "market": "EC",
    "status": "AWAITING_PAYMENT",
    "lifecycle": "PENDING",
    "paymentStatus": "PENDING",
    "fulfillmentStatus": "UNFULFILLED",
    "currency": "USD",
    "lines": [
        {
            "id": LINE_ID,
            "productId": PRODUCT_ID,
            "variantId": VARIANT_ID,
            "sku": "CAP-RED-M",
            "titles": TITLES,
            "quantity": 2,
            "unitPriceMinor": 2499,
            "subtotalMinor": 4998,
            "totalMinor": 5748,
        }
    ],
    "totals": AMOUNTS,
    "placedAt": THEN,
    "timeline": [ENTRY],
}
ORDER_ENTRY: dict[str, Any] = {
    "id": ORDER_ID,
    "number": "EC-260302-7Q4M",
    "customerId": CUSTOMER_ID,
    "status": "AWAITING_PAYMENT",
    "paymentStatus": "PENDING",
    "placedAt": THEN,
    "currency": "USD",
    "totalMinor": 6098,
    "items": 2,
    "titles": [TITLES],
    "imported": False,
}
NOTIFICATION: dict[str, Any] = {
    "id": "0198c5a0-e199-7f84-90b3-9eafb0c1d2e3",
    "customerId": CUSTOMER_ID,
    "channel": "in_app",
    "template": "order_confirmed",
    "locale": "es",
    "orderId": ORDER_ID,
    "orderNumber": "EC-260302-7Q4M",
    "status": "POSTED",
    "postedAt": THEN,
    "readAt": None,
    "failure": None,
}
