"""An account is its address and password; a registration that broke off can be taken up."""

from collections.abc import Iterator

import pytest

from infra.memory.accounts import MemoryAccounts
from infra.memory.ids import SeededIds
from infra.memory.keys import MemoryKeys
from infra.security.passwords import Passwords
from infra.security.tokens import ROLES
from write_model.account.identity import Identity, PasswordInvalid, SignInRefused

MAIL, PASSWORD = "María.Quishpe@example.com", "correct horse"


class Desk:
    def __init__(self) -> None:
        self.accounts, self.keys, self.passwords = MemoryAccounts(), MemoryKeys(), Passwords(cost=4)
        self.identity = Identity(self.accounts, self.keys, self.passwords, SeededIds(), b"pepper")


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.passwords.close()


async def test_an_account_signs_in_as_a_customer(desk: Desk) -> None:
    begun = await desk.identity.begin(MAIL, PASSWORD, "María", "es")
    assert begun is not None
    await desk.identity.complete(begun)
    signed_in = await desk.identity.sign_in(MAIL, PASSWORD)
    assert signed_in.principal.subject == begun.customer_id
    assert (signed_in.principal.role, signed_in.principal.permissions) == ("user", ROLES["user"])
    assert signed_in.unfinished is None


@pytest.mark.parametrize(
    "written", ["maría.quishpe@EXAMPLE.com", "  María.Quishpe@example.com ", "Mari\u0301a.Quishpe@example.com"]
)
async def test_an_address_is_the_same_in_any_case_and_form_of_writing(desk: Desk, written: str) -> None:
    await desk.identity.begin(MAIL, PASSWORD, "María", "es")
    assert (await desk.identity.sign_in(written, PASSWORD)).principal.role == "user"


async def test_a_wrong_password_and_a_wrong_address_are_refused_alike(desk: Desk) -> None:
    await desk.identity.begin(MAIL, PASSWORD, "María", "es")
    refusals = []
    for mail, password in ((MAIL, "another one"), ("eva@example.com", PASSWORD), (MAIL, "x" * 100)):
        with pytest.raises(SignInRefused) as refusal:
            await desk.identity.sign_in(mail, password)
        refusals.append((refusal.value.code, refusal.value.details))
    assert refusals == [("account.sign_in_refused", {})] * 3


async def test_the_same_registration_again_is_the_same_account_and_another_password_is_not(desk: Desk) -> None:
    first = await desk.identity.begin(MAIL, PASSWORD, "María", "es")
    assert await desk.identity.begin(MAIL, PASSWORD, "María", "es") == first
    assert await desk.identity.begin(MAIL, "another one", "Eva", "es") is None


async def test_what_is_pending_is_sealed_and_survives(desk: Desk) -> None:
    begun = await desk.identity.begin(MAIL, PASSWORD, "María", "en")
    assert begun is not None
    row = await desk.accounts.find(begun.email_hmac)
    assert row is not None
    assert row.pending is not None
    assert "María".encode() not in row.pending
    unfinished = (await desk.identity.sign_in(MAIL, PASSWORD)).unfinished
    assert unfinished is not None
    assert (unfinished.name, unfinished.locale, unfinished.customer_id) == ("María", "en", begun.customer_id)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 73, "ñ" * 37, "null\0null"])
async def test_a_password_that_is_too_short_or_would_be_cut_is_refused(desk: Desk, password: str) -> None:
    with pytest.raises(PasswordInvalid):
        await desk.identity.begin(MAIL, password, "María", "es")
    assert await desk.accounts.find(desk.identity.email_hmac(MAIL)) is None


async def test_nothing_of_a_person_is_shown(desk: Desk) -> None:
    begun = await desk.identity.begin(MAIL, PASSWORD, "María", "es")
    assert "María" not in repr(begun)
