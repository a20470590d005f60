"""Does the eventsourcing library's own suite accept our recorder?"""

from collections.abc import Iterator
from threading import Timer
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.tests import persistence as library

from infra.event_log.recorder import PostgresRecorder
from tests.kit.stack import Stores

pytestmark = pytest.mark.integration


class RecorderMade:
    """Gives the library's test cases recorders on a fresh database."""

    url: str

    @pytest.fixture(autouse=True)
    def _fresh(self, stores: Stores) -> Iterator[None]:
        self.url = stores.postgres_url
        self.made: list[PostgresRecorder] = []
        yield
        for recorder in self.made:
            recorder.close()

    def create_recorder(self) -> PostgresRecorder:
        recorder = PostgresRecorder(self.url)
        self.made.append(recorder)
        return recorder


class TestAsApplicationRecorder(RecorderMade, library.ApplicationRecorderTestCase[PostgresRecorder]):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsOfConcurrentInserts(RecorderMade, library.NonInterleavingNotificationIDsBaseCase):
    pass


def test_a_gap_or_a_repeat_inserts_nothing(stores: Stores) -> None:
    one = uuid4()
    with PostgresRecorder(stores.postgres_url) as recorder:
        recorder.insert_events([StoredEvent(one, 0, "topic", b"state")])
        for versions in ((0,), (2,), (1, 1), (1, 3)):
            with pytest.raises(IntegrityError):
                recorder.insert_events([StoredEvent(one, version, "topic", b"state") for version in versions])

        assert recorder.max_notification_id() == 1
        assert recorder.select_events(one) == [StoredEvent(one, 0, "topic", b"state")]


def test_a_subscription_is_stopped_from_another_thread(stores: Stores) -> None:
    with PostgresRecorder(stores.postgres_url) as recorder, recorder.subscribe() as subscription:
        Timer(0.1, subscription.stop).start()

        assert list(subscription) == []
