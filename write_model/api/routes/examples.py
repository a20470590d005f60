"""What do answers look like? The examples of the contract."""

from collections.abc import Mapping

PRODUCT: Mapping[str, object] = {
    "id": "0198c5a0-5f7e-7c3e-9d5a-0d7e7f0a1b2c",
    "status": "DRAFT",
    "slug": "gorra-roja-k3v9ma",
    "variants": [],
    "version": 1,
    "position": 4711,
}
STOCK: Mapping[str, object] = {
    "id": "0198c5a0-6a11-7d0c-8f3b-1c2d3e4f5a6b",
    "status": "IN_STOCK",
    "variantId": "0198c5a0-6a11-7d0c-8f3b-1c2d3e4f5a6b",
    "warehouse": "main",
    "onHand": 10,
    "reserved": 0,
    "available": 10,
    "version": 2,
    "position": 4713,
}
CART: Mapping[str, object] = {
    "id": "0198c5a0-7b22-7e1d-9a4c-2d3e4f5a6b7c",
    "status": "ACTIVE",
    "market": "EC",
    "currency": "USD",
    "customerId": None,
    "lines": [
        {
            "id": "0198c5a0-8c33-7f2e-8b5d-3e4f5a6b7c8d",
            "productId": "0198c5a0-5f7e-7c3e-9d5a-0d7e7f0a1b2c",
            "variantId": "0198c5a0-6a11-7d0c-8f3b-1c2d3e4f5a6b",
            "sku": "CAP-RED-M",
            "titles": {"es": "Gorra roja", "en": "Red cap"},
            "quantity": 2,
            "unitPriceMinor": 2499,
            "subtotalMinor": 4998,
            "discountMinor": 0,
            "taxMinor": 652,
            "taxIncluded": True,
            "totalMinor": 4998,
        }
    ],
    "totals": {
        "currency": "USD",
        "subtotalMinor": 4998,
        "discountMinor": 0,
        "taxMinor": 652,
        "shippingMinor": 350,
        "totalMinor": 5348,
        "trace": [],
    },
    "hasShippingAddress": False,
    "deliveryOption": "standard",
    "paymentMethod": None,
    "orderId": None,
    "version": 2,
    "position": 4720,
}
ORDER: Mapping[str, object] = {
    "id": "0198c5a0-9d44-7031-9c6e-4f5a6b7c8d9e",
    "number": "K3V9MAQ2ZT",
    "status": "CONFIRMED",
    "paymentStatus": "AUTHORIZED",
    "total": {"amountMinor": 5348, "currency": "USD"},
    "paymentId": "0198c5a0-ae55-7142-8d7f-5a6b7c8d9e0f",
    "version": 3,
    "position": 4730,
}
PAYMENT: Mapping[str, object] = {
    "id": "0198c5a0-ae55-7142-8d7f-5a6b7c8d9e0f",
    "orderId": "0198c5a0-9d44-7031-9c6e-4f5a6b7c8d9e",
    "status": "CAPTURED",
    "currency": "USD",
    "amountMinor": 5348,
    "authorizedMinor": 5348,
    "capturedMinor": 5348,
    "refundedMinor": 0,
    "refundableMinor": 5348,
    "refunds": [],
    "version": 5,
    "position": 4735,
}
CUSTOMER: Mapping[str, object] = {
    "id": "0198c5a0-bf66-7253-9e80-6b7c8d9e0f10",
    "status": "REGISTERED",
    "locale": "es",
    "version": 1,
    "position": 4700,
}
PROFILE: Mapping[str, object] = {**CUSTOMER, "email": "ana@example.com", "name": "Ana Pérez"}
TOKEN: Mapping[str, object] = {
    "accessToken": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    "tokenType": "Bearer",
    "expiresIn": 900,
    "customerId": "0198c5a0-bf66-7253-9e80-6b7c8d9e0f10",
}
NOTIFICATION: Mapping[str, object] = {
    "id": "0198c5a0-c077-5364-8f91-7c8d9e0f1021",
    "status": "READ",
    "version": 2,
    "position": 4740,
}
RECEIVED: Mapping[str, object] = {"received": True}
