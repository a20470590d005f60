"""Events come back as they were; what is personal is sealed to its person, its event and its field."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from infra.codec.json_codec import Codec, NotSealed, PayloadBroken, UnknownVersion, Unregistered
from infra.codec.personal_data import SealBroken, seal, unseal
from infra.codec.upcasting import StepMissing, upcast
from infra.ports import DataKey, Schema, Stored

EVENT, OTHER = UUID(int=1), UUID(int=2)
ANA, BEA = UUID(int=11), UUID(int=12)
KEY = DataKey(UUID(int=21), ANA, b"a" * 32)
NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    city: str
    line2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    to: UUID
    at: datetime
    where: Where | None
    note: str | None
    pieces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    by: int


SENT = Schema("parcel.sent", 1, Sent, "to", ("where", "note"))
COUNTED = Schema("parcel.counted", 1, Counted)
CODEC = Codec((SENT, COUNTED))
PARCEL = Sent(to=ANA, at=NOW, where=Where(city="canary-city"), note="canary-note", pieces=(1, 2))


def stored(payload: bytes, *, type: str = "parcel.sent", schema: int = 1, event_id: UUID = EVENT) -> Stored:
    return Stored(1, f"parcel-{ANA}", 1, type, schema, event_id, OTHER, NOW, NOW, b"{}", payload, b"")


def test_an_event_comes_back_as_it_was() -> None:
    assert CODEC.decode(stored(CODEC.encode(PARCEL, EVENT, KEY)), KEY) == PARCEL
    assert CODEC.decode(stored(CODEC.encode(Counted(by=3), EVENT), type="parcel.counted")) == Counted(by=3)


def test_nothing_personal_is_readable_in_the_payload() -> None:
    payload = CODEC.encode(PARCEL, EVENT, KEY)
    assert b"canary" not in payload
    assert json.loads(payload)["to"] == str(ANA)


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert CODEC.encode(PARCEL, EVENT, KEY) != CODEC.encode(PARCEL, EVENT, KEY)


def test_without_the_key_personal_fields_are_none_and_the_rest_is_there() -> None:
    erased = CODEC.decode(stored(CODEC.encode(PARCEL, EVENT, KEY)), None)
    assert erased == replace(PARCEL, where=None, note=None)


def test_personal_data_without_their_persons_key_are_never_stored() -> None:
    for key in (None, DataKey(UUID(int=22), BEA, b"b" * 32)):
        with pytest.raises(NotSealed):
            CODEC.encode(PARCEL, EVENT, key)


def test_an_event_with_nothing_personal_in_it_needs_no_key() -> None:
    plain = replace(PARCEL, where=None, note=None)
    assert CODEC.subject(plain) is None
    assert CODEC.subject(PARCEL) == ANA
    assert CODEC.decode(stored(CODEC.encode(plain, EVENT))) == plain


def test_a_ciphertext_moved_to_another_event_does_not_decrypt() -> None:
    payload = CODEC.encode(PARCEL, EVENT, KEY)
    with pytest.raises(SealBroken):
        CODEC.decode(stored(payload, event_id=OTHER), KEY)


def test_a_ciphertext_moved_to_another_field_does_not_decrypt() -> None:
    fields = json.loads(CODEC.encode(PARCEL, EVENT, KEY))
    fields["note"], fields["where"] = fields["where"], fields["note"]
    with pytest.raises(SealBroken):
        CODEC.decode(stored(json.dumps(fields).encode()), KEY)


def test_a_ciphertext_moved_to_another_person_does_not_decrypt() -> None:
    fields = json.loads(CODEC.encode(PARCEL, EVENT, KEY))
    fields["to"] = str(BEA)
    for key in (KEY, DataKey(UUID(int=22), BEA, KEY.secret)):
        with pytest.raises(SealBroken):
            CODEC.decode(stored(json.dumps(fields).encode()), key)


@pytest.mark.parametrize("text", ["", "AAAA", "not base64 at all!", "A" * 400])
def test_what_was_never_sealed_does_not_decrypt(text: str) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, ANA, EVENT, "note", text)


def test_a_flipped_bit_does_not_decrypt() -> None:
    text = seal(KEY, EVENT, "note", b"words", b"n" * 12)
    assert unseal(KEY, ANA, EVENT, "note", text) == b"words"
    flipped = ("B" if text[-5] == "A" else "A").join((text[:-5], text[-4:]))
    with pytest.raises(SealBroken):
        unseal(KEY, ANA, EVENT, "note", flipped)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"by": "x"}', b'{"by": 1.5}', b"\xff"])
def test_bytes_that_are_no_event_of_the_type_are_told_so_without_showing_them(payload: bytes) -> None:
    with pytest.raises(PayloadBroken) as broken:
        CODEC.decode(stored(payload, type="parcel.counted"))
    assert str(broken.value) == "parcel.counted at position 1"


def test_an_unknown_type_and_an_unknown_version_are_told_apart() -> None:
    with pytest.raises(Unregistered):
        CODEC.decode(stored(b"{}", type="parcel.lost"))
    with pytest.raises(UnknownVersion):
        CODEC.decode(stored(b"{}", schema=2))
    with pytest.raises(Unregistered):
        CODEC.schema(Where)
    assert (CODEC.knows("parcel.lost"), CODEC.knows("parcel.sent")) == (False, True)
    assert (CODEC.reads("parcel.sent", 2), CODEC.reads("parcel.sent", 1)) == (False, True)
    assert (CODEC.is_personal("parcel.sent", 1), CODEC.is_personal("parcel.counted", 1)) == (True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentToday:
    recipient: UUID
    at: datetime
    place: Where | None


def test_an_event_of_an_older_version_is_told_in_todays_words() -> None:
    today = Codec(
        (
            Schema("parcel.sent", 1, SentToday, "to", ("where", "note")),
            Schema("parcel.sent", 2, SentToday, "recipient", ("place",)),
        ),
        {("parcel.sent", 1): lambda old: {"recipient": old["to"], "at": old["at"], "place": old["where"]}},
    )
    old = CODEC.encode(PARCEL, EVENT, KEY)
    assert today.decode(stored(old), KEY) == SentToday(recipient=ANA, at=NOW, place=Where(city="canary-city"))
    assert today.decode(stored(old), None) == SentToday(recipient=ANA, at=NOW, place=None)
    assert today.schema(SentToday).version == 2


def test_a_version_without_a_step_onwards_is_told() -> None:
    with pytest.raises(StepMissing):
        upcast("parcel.sent", 1, {}, to=3, steps={("parcel.sent", 1): lambda old: old})


def test_metadata_come_back_as_they_were_and_leave_out_what_is_not_there() -> None:
    raw = CODEC.encode_metadata(("customer", "c-1"), EVENT, causation=OTHER, key_id=KEY.key_id, reason="why")
    about = CODEC.decode_metadata(raw)
    assert (about.actor.type, about.actor.id, about.correlation, about.causation) == ("customer", "c-1", EVENT, OTHER)
    assert (about.key_id, about.reason, about.origin, about.trace) == (KEY.key_id, "why", None, None)
    assert b"origin" not in raw
    with pytest.raises(PayloadBroken):
        CODEC.decode_metadata(b"{}")
