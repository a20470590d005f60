"""How does each of Stripe's documented test cards behave?"""

from dataclasses import dataclass

MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "incorrect_number": "Your card number is incorrect.",
    "authentication_required": "This transaction requires authentication.",
    "payment_intent_authentication_failure": "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again.",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What happens to it. `decline` is None, or the pair of error code and decline code (some codes have none)."""

    number: str
    brand: str = "visa"
    decline: tuple[str, str | None] | None = None
    attach_declines: bool = True  # a card that declines refuses to be attached, too
    authenticate: str = "never"  # "never", "always", "unless_set_up"
    refund: str = "succeeded"  # "succeeded", "pending" (succeeds later), "fails_later"
    funds: str = "pending"  # of the balance transaction
    risk: str = "normal"
    blocked: bool = False
    country: str = "US"
    funding: str = "credit"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    def message(self) -> str:
        code, decline_code = self.decline or ("", None)
        return MESSAGES.get(decline_code or "", MESSAGES.get(code, MESSAGES["card_declined"]))


def _declines(number: str, code: str, decline_code: str | None, attach_declines: bool = True) -> Card:
    return Card(number, decline=(code, decline_code), attach_declines=attach_declines)


VISA = Card("4242424242424242")
CARDS: dict[str, Card] = {
    "pm_card_visa": VISA,
    "pm_card_visa_debit": Card("4000056655665556", funding="debit"),
    "pm_card_mastercard": Card("5555555555554444", "mastercard"),
    "pm_card_mastercard_debit": Card("5200828282828210", "mastercard", funding="debit"),
    "pm_card_amex": Card("378282246310005", "amex"),
    "pm_card_discover": Card("6011111111111117", "discover"),
    "pm_card_br": Card("4000000760000002", country="BR"),
    "pm_card_mx": Card("4000004840008001", country="MX"),
    "pm_card_ec": Card("4000002180000000", country="EC"),
    "pm_card_bypassPending": Card("4000000000000077", funds="available"),
    "pm_card_visa_chargeDeclined": _declines("4000000000000002", "card_declined", "generic_decline"),
    "pm_card_chargeDeclined": _declines("4000000000000002", "card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declines(
        "4000000000009995", "card_declined", "insufficient_funds"
    ),
    "pm_card_chargeDeclinedInsufficientFunds": _declines("4000000000009995", "card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": _declines("4000000000009987", "card_declined", "lost_card"),
    "pm_card_chargeDeclinedLostCard": _declines("4000000000009987", "card_declined", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": _declines("4000000000009979", "card_declined", "stolen_card"),
    "pm_card_chargeDeclinedStolenCard": _declines("4000000000009979", "card_declined", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": _declines("4000000000000069", "expired_card", None),
    "pm_card_chargeDeclinedIncorrectCvc": _declines("4000000000000127", "incorrect_cvc", None),
    "pm_card_chargeDeclinedProcessingError": _declines("4000000000000119", "processing_error", None),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": _declines(
        "4000000000006975", "card_declined", "card_velocity_exceeded"
    ),
    "pm_card_chargeDeclinedVelocityLimitExceeded": _declines(
        "4000000000006975", "card_declined", "card_velocity_exceeded"
    ),
    "pm_card_chargeCustomerFail": _declines(
        "4000000000000341", "card_declined", "generic_decline", attach_declines=False
    ),
    "pm_card_visa_chargeCustomerFail": _declines(
        "4000000000000341", "card_declined", "generic_decline", attach_declines=False
    ),
    "pm_card_chargeDeclinedFraudulent": Card(
        "4100000000000019", decline=("card_declined", "fraudulent"), risk="highest", blocked=True
    ),
    "pm_card_radarBlock": Card(
        "4100000000000019", decline=("card_declined", "fraudulent"), risk="highest", blocked=True
    ),
    "pm_card_riskLevelHighest": Card(
        "4000000000004954", decline=("card_declined", "fraudulent"), risk="highest", blocked=True
    ),
    "pm_card_riskLevelElevated": Card("4000000000009235", risk="elevated"),
    "pm_card_threeDSecure2Required": Card("4000000000003220", authenticate="always"),
    "pm_card_threeDSecureRequired": Card("4000000000003063", authenticate="always"),
    "pm_card_threeDSecureOptional": Card("4000000000003055"),
    "pm_card_threeDSecureRequiredChargeDeclined": Card(
        "4000008400001629", decline=("card_declined", "generic_decline"), attach_declines=False, authenticate="always"
    ),
    "pm_card_authenticationRequired": Card("4000002760003184", authenticate="always"),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", authenticate="unless_set_up"),
    "pm_card_authenticationRequiredSetupForOffSession": Card("4000003800000446", authenticate="unless_set_up"),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178",
        decline=("card_declined", "insufficient_funds"),
        attach_declines=False,
        authenticate="always",
    ),
    "pm_card_pendingRefund": Card("4000000000007726", refund="pending"),
    "pm_card_refundFail": Card("4000000000005126", refund="fails_later"),
}
BY_NUMBER: dict[str, Card] = {card.number: card for card in CARDS.values()}


def of_number(number: str) -> Card | None:
    """None: it is no card number at all. A number that Stripe does not document behaves as the plain one."""
    digits = number.replace(" ", "").replace("-", "")
    if digits in BY_NUMBER:
        return BY_NUMBER[digits]
    if not digits.isdecimal() or not 13 <= len(digits) <= 19 or not _checks(digits):
        return None
    return Card(digits, _brand(digits))


def _brand(digits: str) -> str:
    if digits[0] == "4":
        return "visa"
    return "mastercard" if digits[:1] == "5" or digits[:1] == "2" else "unknown"


def _checks(digits: str) -> bool:
    """The check digit (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
