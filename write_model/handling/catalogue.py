"""What does each error code mean, in HTTP and in words? One catalogue for REST, GraphQL and the socket.

Codes are for ever: clients branch on them. A title says what is wrong, never whose or what was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("es", "en")  # the first one is spoken where the client names none


@dataclass(frozen=True, slots=True)
class Entry:
    status: int  # of HTTP
    es: str
    en: str

    def title(self, language: str) -> str:
        return self.en if language == "en" else self.es


_ROWS: tuple[tuple[str, int, str, str], ...] = (
    (
        "account.password_invalid",
        422,
        "La contraseña no cumple los requisitos",
        "The password is too short or too long",
    ),
    ("account.sign_in_refused", 401, "Correo o contraseña incorrectos", "Wrong e-mail address or password"),
    ("cart.address_invalid", 422, "La dirección de envío no es válida", "The shipping address is not valid"),
    ("cart.already_there", 409, "El carrito ya existe", "The cart exists already"),
    ("cart.closed", 409, "El carrito ya no está abierto", "The cart is no longer open"),
    ("cart.currency_differs", 409, "El producto se vende en otra moneda", "The product is sold in another currency"),
    ("cart.delivery_unknown", 422, "Esa forma de entrega no existe", "There is no such delivery option"),
    ("cart.empty", 409, "El carrito está vacío", "The cart is empty"),
    ("cart.line_taken", 409, "El identificador de la línea ya se usa", "The line's id is in use"),
    ("cart.line_unknown", 404, "El carrito no tiene esa línea", "The cart has no such line"),
    ("cart.market_unknown", 422, "No vendemos en ese mercado", "We do not sell in that market"),
    ("cart.of_another_customer", 403, "El carrito es de otra persona", "The cart belongs to somebody else"),
    ("cart.owner_missing", 422, "El carrito necesita un dueño", "The cart needs an owner"),
    ("cart.payment_method_invalid", 422, "El medio de pago no es válido", "The payment method is not valid"),
    ("cart.quantity_out_of_range", 422, "La cantidad está fuera de los límites", "The quantity is out of range"),
    ("cart.too_many_lines", 409, "El carrito tiene demasiadas líneas", "The cart has too many lines"),
    ("cart.unknown", 404, "No existe ese carrito", "There is no such cart"),
    ("cart.unknown_variant", 404, "No existe esa variante", "There is no such variant"),
    ("checkout.address_missing", 409, "Falta la dirección de envío", "The shipping address is missing"),
    ("checkout.already_shipped", 409, "El pedido ya fue enviado", "The order has been shipped"),
    ("checkout.customer_missing", 409, "El carrito no tiene cliente", "The cart has no customer"),
    ("checkout.not_for_sale", 409, "Un producto ya no está a la venta", "A product is no longer for sale"),
    ("checkout.order_exists", 409, "El pedido ya existe", "The order exists already"),
    ("checkout.order_of_another_system", 409, "El pedido es de otro sistema", "The order is another system's history"),
    ("checkout.payment_method_missing", 409, "Falta el medio de pago", "The payment method is missing"),
    ("checkout.payment_missing", 409, "El pedido no está pagado", "The order is not paid for"),
    ("checkout.price_changed", 409, "Los precios han cambiado", "Prices have changed"),
    ("checkout.reason_invalid", 422, "El motivo no es válido", "The reason is not valid"),
    ("checkout.reservation_ended", 409, "La reserva ha terminado", "The reservation has ended"),
    ("customer.already_there", 409, "El cliente ya existe", "The customer exists already"),
    ("customer.email_invalid", 422, "El correo no es válido", "The e-mail address is not valid"),
    ("customer.erased", 409, "Los datos de esta persona fueron borrados", "This person's data have been erased"),
    ("customer.locale_unknown", 422, "No hablamos ese idioma", "We do not speak that language"),
    ("customer.name_invalid", 422, "El nombre no es válido", "The name is not valid"),
    ("customer.unknown", 404, "No existe ese cliente", "There is no such customer"),
    ("edge.body_invalid", 422, "El cuerpo no tiene la forma esperada", "The body does not have the expected form"),
    ("edge.body_malformed", 400, "El cuerpo no es JSON en UTF-8", "The body is not JSON in UTF-8"),
    ("edge.body_too_large", 413, "El cuerpo es demasiado grande", "The body is too large"),
    ("edge.busy", 503, "Hay demasiadas peticiones en espera", "Too many requests are waiting"),
    ("edge.forbidden", 403, "No tiene permiso para hacer esto", "You may not do this"),
    ("edge.frame_invalid", 400, "El mensaje no tiene la forma esperada", "The frame does not have the expected form"),
    ("edge.frame_unknown", 400, "No conocemos ese tipo de mensaje", "There is no such type of frame"),
    ("edge.frame_version", 400, "No conocemos esa versión de mensaje", "There is no such version of frames"),
    ("edge.if_match_invalid", 400, "If-Match no es una versión", "If-Match is not a version"),
    ("edge.in_flight", 409, "La misma petición aún está en curso", "The same request is still being handled"),
    ("edge.internal", 500, "Algo falló en nuestro lado", "Something went wrong on our side"),
    ("edge.key_invalid", 400, "Idempotency-Key no es válida", "The Idempotency-Key is not valid"),
    ("edge.key_missing", 400, "Falta Idempotency-Key", "The Idempotency-Key is missing"),
    ("edge.key_reused", 422, "La clave ya se usó para otra petición", "The key was used for another request"),
    ("edge.media_type", 415, "El cuerpo debe ser application/json", "The body must be application/json"),
    ("edge.method_not_allowed", 405, "Este recurso no admite ese método", "This resource does not allow that method"),
    ("edge.not_found", 404, "No existe ese recurso", "There is no such resource"),
    ("edge.not_seen", 404, "No existe", "There is nothing there"),
    ("edge.parameter_invalid", 422, "Un parámetro no es válido", "A parameter is not valid"),
    ("edge.query_invalid", 400, "La consulta no es válida", "The query is not valid"),
    ("edge.query_too_deep", 400, "La consulta es demasiado profunda", "The query is too deep"),
    ("edge.query_too_long", 400, "La consulta es demasiado larga", "The query is too long"),
    ("edge.query_too_many_aliases", 400, "La consulta tiene demasiados alias", "The query has too many aliases"),
    ("edge.session_missing", 400, "Falta Cart-Session", "The Cart-Session is missing"),
    ("edge.sign_in_needed", 401, "Primero hay que iniciar sesión", "You have to sign in first"),
    ("edge.token_expired", 401, "El token ha caducado", "The token has expired"),
    ("edge.token_invalid", 401, "El token no es válido", "The token is not valid"),
    ("edge.too_many_channels", 400, "Demasiados canales", "Too many channels"),
    ("edge.too_many_requests", 429, "Demasiadas peticiones", "Too many requests"),
    ("edge.version_differs", 412, "El recurso ha cambiado entretanto", "The resource has changed in the meantime"),
    ("edge.webhook_refused", 400, "La firma no es válida", "The signature is not valid"),
    ("log.busy", 503, "Hay demasiada actividad sobre lo mismo", "Too much is happening to the same thing"),
    ("log.event_too_large", 422, "La petición es demasiado grande", "The request is too large"),
    ("log.newer_than_code", 503, "Este servidor es más antiguo que sus datos", "This server is older than its data"),
    ("log.too_many_events", 422, "La petición cambia demasiadas cosas", "The request changes too many things"),
    ("log.unavailable", 503, "Los datos no están disponibles ahora", "The data can't be reached now"),
    ("log.unknown", 503, "Aún no se sabe si se hizo", "It is not known yet whether it was done"),
    ("notification.already_there", 409, "La notificación ya existe", "The notification exists already"),
    ("notification.channel_unknown", 422, "No existe ese canal", "There is no such channel"),
    ("notification.unknown", 404, "No existe esa notificación", "There is no such notification"),
    ("notification.wrong_channel", 409, "La notificación es de otro canal", "The notification is of another channel"),
    ("notification.wrong_state", 409, "La notificación está en otro estado", "The notification is in another state"),
    ("order.adopted_differently", 409, "El pedido ya se importó distinto", "The order was imported differently"),
    ("order.amount_invalid", 422, "El importe no es válido", "The amount is not valid"),
    ("order.origin_status_unknown", 422, "No conocemos ese estado de origen", "There is no such status of origin"),
    ("order.payment_differs", 409, "El pago es de otro pedido", "The payment is of another order"),
    ("order.unknown", 404, "No existe ese pedido", "There is no such order"),
    ("order.wrong_state", 409, "El pedido está en otro estado", "The order is in another state"),
    ("payment.already_captured", 409, "El pago ya fue cobrado", "The payment has been captured"),
    ("payment.already_there", 409, "El pago ya existe", "The payment exists already"),
    ("payment.amount_invalid", 422, "El importe no es válido", "The amount is not valid"),
    ("payment.exceeds_authorized", 409, "Supera lo autorizado", "More than is authorised"),
    ("payment.exceeds_captured", 409, "Supera lo cobrado", "More than is captured"),
    ("payment.method_invalid", 422, "El medio de pago no es válido", "The payment method is not valid"),
    (
        "payment.outcome_pending",
        409,
        "Aún se espera al proveedor de pagos",
        "The payment provider has not answered yet",
    ),
    ("payment.ref_differs", 409, "El proveedor habla de otro pago", "The provider speaks of another payment"),
    ("payment.refund_differs", 409, "El reembolso ya existe con otros datos", "The refund exists with other facts"),
    ("payment.refund_unknown", 404, "No existe ese reembolso", "There is no such refund"),
    ("payment.unknown", 404, "No existe ese pago", "There is no such payment"),
    ("payment.wrong_state", 409, "El pago está en otro estado", "The payment is in another state"),
    ("process.not_parked", 404, "Esa clave no está detenida", "That key is not parked"),
    ("product.already_there", 409, "El producto ya existe", "The product exists already"),
    ("product.currency_unknown", 422, "No vendemos en esa moneda", "We do not sell in that currency"),
    ("product.image_invalid", 422, "Una imagen no es válida", "An image is not valid"),
    ("product.language_unknown", 422, "No hablamos ese idioma", "We do not speak that language"),
    ("product.price_in_the_past", 422, "El precio no puede valer desde antes", "A price can't begin in the past"),
    ("product.price_out_of_range", 422, "El precio está fuera de los límites", "The price is out of range"),
    ("product.sku_taken", 409, "El SKU ya se usa en este producto", "The SKU is in use in this product"),
    ("product.tax_category_unknown", 422, "No existe esa categoría fiscal", "There is no such tax category"),
    ("product.text_invalid", 422, "Un texto no es válido", "A text is not valid"),
    ("product.title_missing", 422, "Falta el título en un idioma", "The title is missing in a language"),
    ("product.too_many", 422, "Demasiados elementos", "Too many elements"),
    ("product.unknown", 404, "No existe ese producto", "There is no such product"),
    ("product.variant_differs", 409, "La variante ya existe con otros datos", "The variant exists with other facts"),
    ("product.variant_missing", 409, "El producto no tiene variantes", "The product has no variants"),
    ("product.variant_unknown", 404, "No existe esa variante", "There is no such variant"),
    ("product.was_on_sale", 409, "El producto estuvo a la venta: se archiva", "The product was on sale: archive it"),
    ("product.wrong_state", 409, "El producto está en otro estado", "The product is in another state"),
    ("provider_event.malformed", 422, "El aviso del proveedor no es válido", "The provider's notice is not valid"),
    ("read.behind", 503, "La lectura aún no llega a esa posición", "The read has not reached that position yet"),
    ("read.lost_future", 409, "Esa posición no existe: empiece de nuevo", "There is no such position: start anew"),
    ("read.rebuilding", 503, "La vista se está reconstruyendo", "The view is being rebuilt"),
    ("review.score_out_of_range", 422, "La puntuación va de 1 a 5", "A score is between 1 and 5"),
    (
        "socket.too_far_behind",
        409,
        "Pasaron demasiadas cosas: vuelva a entrar a cada sala",
        "Too much has happened since: join each room again",
    ),
    ("stock.expiry_past", 422, "El vencimiento ya pasó", "The expiry has passed"),
    ("stock.extension_too_long", 409, "La reserva no puede durar tanto", "A reservation can't last that long"),
    ("stock.not_available", 409, "No hay existencias suficientes", "Not enough in stock"),
    ("stock.of_another_product", 409, "La variante es de otro producto", "The variant is of another product"),
    ("stock.quantity_out_of_range", 422, "La cantidad está fuera de los límites", "The quantity is out of range"),
    ("stock.reason_invalid", 422, "El motivo no es válido", "The reason is not valid"),
    ("stock.reservation_differs", 409, "La reserva existe con otra cantidad", "The reservation has another quantity"),
    ("stock.reservation_unknown", 404, "No existe esa reserva", "There is no such reservation"),
    ("stock.too_much", 409, "Hay demasiadas unidades", "Too many units"),
    ("stock.unknown", 404, "No existe esa variante", "There is no such variant"),
    ("stock.warehouse_unknown", 422, "No existe esa bodega", "There is no such warehouse"),
    ("stock.wrong_state", 409, "La reserva está en otro estado", "The reservation is in another state"),
    (
        "view.no_previous",
        409,
        "No hay una generación anterior a la que volver",
        "There is no generation before the live one",
    ),
    ("view.rebuild_running", 409, "La vista ya se está reconstruyendo", "The view is being rebuilt by another"),
    ("view.rebuild_stuck", 503, "La generación nueva no avanza", "The new generation does not come forward"),
)

CATALOGUE: Mapping[str, Entry] = {code: Entry(status, es, en) for code, status, es, en in _ROWS}


def entry(code: str) -> Entry:
    """What the code means; an unknown one is a mistake of ours."""
    return CATALOGUE.get(code, CATALOGUE["edge.internal"])


def language(accepted: str | None) -> str:
    """The best of our languages for an Accept-Language header."""
    best, quality = LANGUAGES[0], 0.0
    for part in (accepted or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        name = tag.strip().lower().split("-")[0]
        weight = _weight(parameters)
        if name in LANGUAGES and weight > quality:
            best, quality = name, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
