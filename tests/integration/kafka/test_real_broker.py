"""A real broker, signed in to as to GCN's and SCiMMA's; the senders are the clients that their users have."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from mesh.broker.delivery import Delivery
from mesh.contracts.alert import AlertEntry
from mesh.intake.alerts import AlertIntake
from mesh.service.native import directly
from mesh.store.alerts import Alerts
from services.transports import metrics
from services.transports.kafka.consume import Stream
from services.transports.kafka.produce import KafkaOut
from services.transports.kafka.settings import KafkaFile, parse_kafka
from tests.integration.kafka.real_broker import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    USER,
    RealBroker,
    real_broker,
)
from tests.unit.accounts_doubles import MemoryObjects

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBroker]:
    if missing := [name for name in ("java", "mvn") if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}; a real Kafka broker runs on Java, and Maven fetches it")
    with real_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


class Inbox:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.objects = MemoryObjects()
        self.events: list[str] = []
        self.intake = AlertIntake(Alerts(self.objects), self, None)  # type: ignore[arg-type]

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Keep an entry for the triggers service."""
        self.events.append(entry.event_key)


def _notice(number: int, padding: int = 0) -> bytes:
    body = {"mission": "Mission", "id": [str(number)], "trigger_time": "2023-05-18T12:59:08Z"}
    return json.dumps({**body, "additional_info": "x" * padding}).encode()


def _gcn(broker: RealBroker) -> str:
    return f"""
broker = "gcn"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
[in.test.client]
"bootstrap.servers" = "{broker.oauth}"
"sasl.oauthbearer.token.endpoint.url" = "{broker.tokens}"
"ssl.ca.location" = "{broker.ca}"
"https.ca.location" = "{broker.ca}"
"""


def _scimma(broker: RealBroker, password: str = PASSWORD) -> str:
    return f"""
broker = "scimma"
user = "{USER}"
password = "{password}"
[in.test.client]
"bootstrap.servers" = "{broker.scram}"
"ssl.ca.location" = "{broker.ca}"
"""


def _read(inbox: Inbox, topic: str, rest: str, number: int, seconds: float = 60) -> Stream:
    text = f'[in.test]\ntopics = ["{topic}"]\ngroup = "{topic}"\n{rest}'
    stream = Stream("test", parse_kafka(text, Path("kafka.toml")).incoming["test"], inbox.intake, directly)
    end = time.monotonic() + seconds
    while len(inbox.events) < number and time.monotonic() < end:
        stream.turn()
    return stream


def _send_as_gcn(broker: RealBroker, topic: str, *bodies: bytes) -> None:
    gcn_kafka = pytest.importorskip("gcn_kafka")
    settings: dict[str, Any] = {
        "bootstrap.servers": broker.oauth,
        "ssl.ca.location": str(broker.ca),
        "https.ca.location": str(broker.ca),
        "sasl.oauthbearer.token.endpoint.url": broker.tokens,
        "message.max.bytes": 4194304,
    }
    producer = gcn_kafka.Producer(settings, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    for body in bodies:
        producer.produce(topic, body)
    assert producer.flush(60) == 0


def test_alerts_of_gcn_are_taken_and_reading_goes_on_where_it_was(broker: RealBroker) -> None:
    _send_as_gcn(broker, "gcn.notices.mission", _notice(1), _notice(2, padding=4_000_000))
    inbox = Inbox()
    first = _read(inbox, "gcn.notices.mission", _gcn(broker), 2)
    assert inbox.events == ["mission:1", "mission:2"]
    first.close()
    _send_as_gcn(broker, "gcn.notices.mission", _notice(3))
    second = _read(inbox, "gcn.notices.mission", _gcn(broker), 3)
    second.turn()
    assert inbox.events == ["mission:1", "mission:2", "mission:3"], "the first two do not come again"
    second.close()


def test_alerts_of_hopskotch_are_taken(broker: RealBroker) -> None:
    hop = pytest.importorskip("hop")
    auth = pytest.importorskip("hop.auth").Auth(
        USER, PASSWORD, host=broker.scram, ssl=True, method="SCRAM-SHA-512", ssl_ca_location=str(broker.ca)
    )
    # As at SCiMMA: hop asks what a topic allows before it writes, so the topic must be there.
    admin = AdminClient({"bootstrap.servers": broker.plain})  # kept: with the client ends what it was asked for
    admin.create_topics([NewTopic("hop-alerts", 1)])["hop-alerts"].result(30)
    with hop.Stream(auth=[auth]).open(f"kafka://{broker.scram}/hop-alerts", "w") as stream:
        stream.write(hop.models.Blob(_notice(1)))
        stream.write(json.loads(_notice(2)), test=True)
    inbox = Inbox()
    reader = _read(inbox, "hop-alerts", _scimma(broker), 2)
    reader.close()
    assert inbox.events == ["mission:1", "mission:2"]
    receipts = [
        Alerts(inbox.objects).receipt(Path(name).stem) for name in inbox.objects.content if "/receipts/" in name
    ]
    assert {one.notice.event_key: one.notice.test for one in receipts} == {"mission:1": False, "mission:2": True}


def test_a_wrong_password_is_told(broker: RealBroker) -> None:
    errors = metrics.KAFKA_ERRORS.labels("test", "_AUTHENTICATION")
    before = errors._value.get()
    inbox = Inbox()
    stream = _read(inbox, "hop-alerts", _scimma(broker, "wrong"), 1, seconds=8)
    stream.close()
    assert not inbox.events
    assert errors._value.get() > before


def test_messages_go_out_to_a_real_broker(broker: RealBroker, tmp_path: Path) -> None:
    path = tmp_path / "kafka.toml"
    path.write_text(
        f'[out]\nbroker = "scimma"\nuser = "{USER}"\npassword = "{PASSWORD}"\n[out.client]\n'
        f'"bootstrap.servers" = "{broker.scram}"\n"ssl.ca.location" = "{broker.ca}"\n'
    )
    message = Delivery(b"{}", "a" * 32, "lvk:S1", "transient.record", {"x-event": "lvk:S1", "x-record": 1})
    KafkaOut(KafkaFile(path), directly).send(message)

    reader = Consumer({"bootstrap.servers": broker.plain, "group.id": "reader", "auto.offset.reset": "earliest"})
    reader.subscribe(["transient.record"])
    end = time.monotonic() + 30
    found: Any = None
    while (found is None or found.error()) and time.monotonic() < end:
        found = reader.poll(1)
    reader.close()
    assert dict(found.headers())["message_id"] == b"a" * 32
