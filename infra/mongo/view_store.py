"""Where do documents stand in MongoDB? One collection a target, each document as people would write it.

`{_id, position, stale?, …body}`; `_id` is the key, a number where the key is one. Checkpoints and parked keys have
collections of their own. Documents are written before the checkpoint, older ones are refused: no transaction needed.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, AsyncMongoClient, DeleteOne, ReplaceOne, UpdateOne, timeout
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, ExecutionTimeout, PyMongoError
from pymongo.write_concern import WriteConcern

from infra.mongo.queries import conditions, sorting
from infra.ports import Checkpoint, Doc, Fenced, Parked, Query, Unavailable
from infra.resilience.cooldown import Cooldown
from infra.view_names import view_of

CHECKPOINTS, PARKED = "checkpoints", "parked"
SELECTION_MS, CONNECT_MS, SOCKET_MS = 500, 500, 5_000
READER_SECONDS = 2.0  # for a whole call, further tries included, where somebody waits and another store may answer
REST_SECONDS = 0.5  # after a failure
DUPLICATE = 11_000
EXPIRES = "_expires"  # a date, for the TTL index
_OWN = ("_id", "position", "stale", EXPIRES)

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection needs: indexes (fields with 1 or -1), and after how many days documents go."""

    target: str
    indexes: Sequence[Sequence[tuple[str, int]]] = ()
    keep_days: int | None = None  # counted from the body's `recordedAt`


def open_client(url: str) -> AsyncMongoClient[dict[str, Any]]:
    """A client that says soon when nobody is there."""
    return AsyncMongoClient(
        url,
        serverSelectionTimeoutMS=SELECTION_MS,
        connectTimeoutMS=CONNECT_MS,
        socketTimeoutMS=SOCKET_MS,
        retryWrites=True,
        appname="telocompro",
        tz_aware=True,
    )


class MongoViewStore:
    """Implements ViewStore. Written with w=1: what a crash takes away, it takes from the end, checkpoint first.

    `seconds`: for a call; None: as long as the client's sockets take.
    """

    def __init__(
        self,
        client: AsyncMongoClient[dict[str, Any]],
        collected: Sequence[Collected] = (),
        seconds: float | None = None,
    ) -> None:
        self._seconds = seconds
        self._database: AsyncDatabase[dict[str, Any]] = client.get_default_database("telocompro").with_options(
            write_concern=WriteConcern(w=1)
        )
        self._collected = {each.target: each for each in collected}
        self._prepared: set[str] = set()
        self._cooldown = Cooldown("MongoDB", REST_SECONDS)

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        async with self._reachable():
            wanted = {"_id": {"$in": [_id(key) for key in keys]}}
            found = await self._database[target].find(wanted).to_list()
        return {doc.key: doc for doc in map(_doc, found)}

    async def write(self, target: str, docs: Sequence[Doc]) -> None:
        async with self._reachable():
            await self._write(target, docs)

    async def take(self, target: str, fence: int) -> int:
        async with self._reachable():
            await self._prepare(target)
            checkpoints = self._database[CHECKPOINTS]
            try:
                found = await checkpoints.find_one_and_update(
                    {"_id": target, "fence": {"$lte": fence}},
                    {"$set": {"fence": fence}, "$setOnInsert": {"position": 0}},
                    upsert=True,
                    return_document=True,
                )
            except DuplicateKeyError:  # it is there, under a newer fence
                raise Fenced from None
        assert found is not None  # an upsert
        return int(found["position"])

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        async with self._reachable():
            await self._write(target, docs)
            moved = await self._database[CHECKPOINTS].update_one(
                {"_id": target, "fence": fence, "position": {"$gte": after}}, {"$max": {"position": position}}
            )
        if moved.matched_count == 0:
            self._prepared.discard(target)
            raise Fenced

    async def advance(self, moves: Mapping[str, tuple[int, int, int]]) -> None:
        if not moves:
            return
        updates = [
            UpdateOne(
                {"_id": target, "fence": fence, "position": {"$gte": after, "$lt": position}},
                {"$set": {"position": position}},
            )
            for target, (fence, after, position) in moves.items()
        ]
        async with self._reachable():
            await self._database[CHECKPOINTS].bulk_write(updates, ordered=False)

    async def position(self, target: str) -> int:
        async with self._reachable():
            found = await self._database[CHECKPOINTS].find_one({"_id": target})
        return 0 if found is None else int(found["position"])

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        async with self._reachable():
            found = await self._database[CHECKPOINTS].find().to_list()
        return {str(each["_id"]): Checkpoint(int(each["position"]), int(each["fence"])) for each in found}

    async def find(self, target: str, query: Query) -> Sequence[Doc]:
        """Raises ValueError for values that no document can have, Unavailable."""
        async with self._reachable():
            cursor = self._database[target].find(conditions(query)).sort(sorting(query)).limit(query.limit)
            found = await cursor.to_list()
        return [_doc(each, [name for name, _ in query.order]) for each in found]

    async def park(self, target: str, key: str, position: int, error: str) -> None:
        row = {"target": target, "key": key, "position": position, "error": error}
        async with self._reachable():
            await self._database[PARKED].update_one({"_id": f"{target}/{key}"}, {"$setOnInsert": row}, upsert=True)
            await self._database[target].update_one({"_id": _id(key)}, {"$set": {"stale": True}})

    async def parked(self, target: str) -> Sequence[Parked]:
        async with self._reachable():
            found = await self._database[PARKED].find({"target": target}).sort("_id", ASCENDING).to_list()
        return [Parked(target, str(each["key"]), int(each["position"]), str(each["error"])) for each in found]

    async def release(self, target: str, key: str) -> None:
        async with self._reachable():
            await self._database[target].update_one({"_id": _id(key)}, {"$unset": {"stale": ""}})
            await self._database[PARKED].bulk_write([DeleteOne({"_id": f"{target}/{key}"})])

    async def keys(self, target: str, after: str, limit: int) -> Sequence[str]:
        wanted: dict[str, Any] = {"_gone": {"$exists": False}}
        places: list[dict[str, Any]] = []
        if after:
            places.append({"_id": {"$gt": _id(after)}})
            if isinstance(_id(after), int):
                places.append({"_id": {"$type": "string"}})
            wanted = {"$and": [wanted, {"$or": places}]}
        async with self._reachable():
            cursor = self._database[target].find(wanted, {"_id": 1}).sort("_id", ASCENDING).limit(limit)
            return [str(each["_id"]) for each in await cursor.to_list()]

    async def drop(self, target: str) -> None:
        """The checkpoint first: a kill in between leaves documents that are folded again."""
        async with self._reachable():
            await self._database[CHECKPOINTS].delete_one({"_id": target})
            await self._database[PARKED].delete_many({"target": target})
            await self._database[target].drop()
        self._prepared.discard(target)

    async def _write(self, target: str, docs: Sequence[Doc]) -> None:
        """Numbered documents first: what is told by the fold of another document must not be lost between the two."""
        told = [doc for doc in docs if doc.key.isdigit()]
        others = [doc for doc in docs if not doc.key.isdigit()]
        for some in (told, others):
            if some:
                await self._replace(target, some)

    async def _replace(self, target: str, docs: Sequence[Doc]) -> None:
        days = self._wanted(target).keep_days
        replacements = [
            ReplaceOne({"_id": _id(doc.key), "position": {"$lt": doc.position}}, _fields(doc, days), upsert=True)
            for doc in docs
        ]
        try:
            await self._database[target].bulk_write(replacements, ordered=False)
        except BulkWriteError as error:
            # An upsert of an id that is there means: what stands there is as new, or newer.
            others = [each for each in error.details["writeErrors"] if each["code"] != DUPLICATE]
            if others or error.details.get("writeConcernErrors"):
                raise

    async def _prepare(self, target: str) -> None:
        """Make the indexes; nothing where they are."""
        if target in self._prepared:
            return
        wanted = self._wanted(target)
        for index in wanted.indexes:
            await self._database[target].create_index(list(index))
        if wanted.keep_days is not None:
            await self._database[target].create_index(EXPIRES, expireAfterSeconds=0)
        await self._database[PARKED].create_index("target")
        self._prepared.add(target)

    def _wanted(self, target: str) -> Collected:
        return self._collected.get(view_of(target), Collected(target))

    @asynccontextmanager
    async def _reachable(self) -> AsyncIterator[None]:
        """Raises Unavailable when nobody answers, at once for a moment after it has happened."""
        self._cooldown.check()
        try:
            with timeout(self._seconds):
                yield
        except (ConnectionFailure, ExecutionTimeout) as error:
            self._cooldown.failed()
            raise Unavailable(type(error).__name__) from error
        except PyMongoError as error:
            if error.has_error_label("RetryableWriteError") or _is_shutting_down(error):
                self._cooldown.failed()
                raise Unavailable(type(error).__name__) from error
            raise


def _id(key: str) -> str | int:
    return int(key) if key.isdigit() else key


def _fields(doc: Doc, keep_days: int | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"_id": _id(doc.key), "position": doc.position}
    if doc.body is None:
        return {**fields, "_gone": True}
    fields |= doc.body
    fields["position"] = doc.position
    if doc.stale:
        fields["stale"] = True
    if keep_days is not None:
        fields[EXPIRES] = datetime.fromisoformat(str(doc.body["recordedAt"])) + timedelta(days=keep_days)
    return fields


def _doc(found: Fields, columns: Sequence[str] = ()) -> Doc:
    """A numbered document's body has its position, too."""
    key, position = found["_id"], int(found["position"])
    stale = bool(found.get("stale"))
    if found.get("_gone"):
        return Doc(str(key), position, None, stale=stale)
    body = {name: value for name, value in found.items() if name not in _OWN}
    if isinstance(key, int):
        body["position"] = position
    return Doc(str(key), position, body, columns={name: found[name] for name in columns}, stale=stale)


def _is_shutting_down(error: PyMongoError) -> bool:
    return getattr(error, "code", None) in (91, 11_600, 11_602, 10_107, 13_435, 13_436, 189)
