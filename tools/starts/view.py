"""What does a new read model begin as? A document per stream that counts what it heard, and the tests of every view."""

from collections.abc import Mapping

from tools.starts.editing import camel, filled

VIEW = '''"""Which @words@ are there, and how much has happened to each?"""

from projections.running.projection import Document, Source


class @View@(Document):
    id: str
    heard: int = 0


SOURCE: Source[@View@] = Source("@view@", @View@)
'''
PROJECTOR = '''"""Folds the @words@ from the facts of @room@."""

from collections.abc import Sequence

from projections.@view@.view import SOURCE, @View@
from projections.running.projection import Projection
from write_model.kernel.ids import identity
from write_model.kernel.message import Envelope
from write_model.@room@.events import @Event@

HANDLES = (@Event@,)


def key(envelope: Envelope[@Event@]) -> Sequence[str]:
    """One document per stream."""
    return [str(identity(envelope.stream))]


def project(document: @View@ | None, envelope: Envelope[@Event@], key: str) -> @View@:
    heard = document.heard if document else 0
    return @View@(id=key, heard=heard + 1)


@VIEW@: Projection[@View@] = Projection(
    name="@view@", source=SOURCE, handles=HANDLES, key=key, project=project
)
'''
TEST = """from functools import reduce
from uuid import UUID

from projections.@view@.projector import HANDLES, key, project
from projections.@view@.view import @View@
from tests.kit.builders.envelopes import envelopes
from tools.golden import sample

ID = UUID(int=1)
HISTORY = envelopes("@room@", ID, [sample(event) for event in HANDLES for _ in range(2)])


def test_every_event_belongs_to_the_document_of_its_stream() -> None:
    assert {document for envelope in HISTORY for document in key(envelope)} == {str(ID)}


def test_what_happened_is_counted() -> None:
    document: @View@ | None = None
    for envelope in HISTORY:
        document = project(document, envelope, str(ID))
    assert document == @View@(id=str(ID), heard=len(HISTORY))


def test_folding_again_from_the_start_gives_the_same_document() -> None:
    folds = [reduce(lambda so_far, one: project(so_far, one, str(ID)), HISTORY[1:], project(None, HISTORY[0], str(ID)))]
    assert folds * 2 == [folds[0], @View@(id=str(ID), heard=len(HISTORY))]
"""


def files(name: str, room: str, event: str) -> Mapping[str, str]:
    """Path → text. It hears one event of the room."""
    texts = {
        f"projections/{name}/__init__.py": "",
        f"projections/{name}/view.py": VIEW,
        f"projections/{name}/projector.py": PROJECTOR,
        f"tests/projections/{name}/__init__.py": "",
        f"tests/projections/{name}/test_{name}.py": TEST,
    }
    words = {"@view@": name, "@View@": camel(name), "@VIEW@": name.upper(), "@words@": name.replace("_", " ")}
    words |= {"@room@": room, "@Event@": event}
    return {path: filled(text, words) for path, text in texts.items()}
