"""Kafka both ways, against librdkafka's own cluster: nothing is committed before it is stored, nothing comes twice."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from mesh.broker.delivery import Delivery
from mesh.contracts.alert import AlertEntry
from mesh.errors import BrokerUnavailable, ContractViolation
from mesh.intake.alerts import AlertIntake
from mesh.service.native import directly
from mesh.settings import SettingsError
from mesh.store.alerts import Alerts
from services.transports import metrics
from services.transports.kafka import consume
from services.transports.kafka import settings as kafka_settings
from services.transports.kafka.consume import Stream, Streams
from services.transports.kafka.produce import KafkaOut
from services.transports.kafka.settings import KafkaFile, parse_kafka
from tests.kafka_cluster import Cluster
from tests.unit.accounts_doubles import MemoryObjects


class World:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.objects = MemoryObjects()
        self.entries: list[AlertEntry] = []
        self.intake = AlertIntake(Alerts(self.objects), self, None)  # type: ignore[arg-type]

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Keep an entry for the triggers service."""
        self.entries.append(entry)

    @property
    def receipts(self) -> list[str]:
        """Names of the receipts."""
        return [name for name in self.objects.content if "/receipts/" in name]

    def events(self) -> list[str]:
        """Return the events that entries name, in their order."""
        return [one.event_key for one in self.entries]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(autouse=True)
def _one_turn_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "_TURNS_SECONDS", 0.0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def opened(cluster: Cluster, world: World) -> Iterator[Callable[..., Stream]]:
    streams: list[Stream] = []

    def open_stream(*topics: str, group: str, **more: Any) -> Stream:
        listed = ", ".join(f'"{topic}"' for topic in topics)
        rest = "\n".join(f"{name} = {json.dumps(value)}" for name, value in more.items())
        text = f'[in.test]\ntopics = [{listed}]\ngroup = "{group}"\n{rest}\n[in.test.client]\n'
        text += f'"bootstrap.servers" = "{cluster.address}"\n'
        text += '"session.timeout.ms" = 3000\n"heartbeat.interval.ms" = 300\n'
        settings = parse_kafka(text, Path("kafka.toml")).incoming["test"]
        streams.append(Stream("test", settings, world.intake, directly))
        return streams[-1]

    yield open_stream
    for one in streams:
        one.close()


def _notice(number: int, **fields: Any) -> bytes:
    body = {"mission": "Mission", "id": [str(number)], "trigger_time": "2023-05-18T12:59:08Z", **fields}
    return json.dumps(body).encode()


def _until(stream: Stream, done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        stream.turn()
        assert time.monotonic() < end, "it does not come"


def test_nothing_is_committed_before_the_inbox_has_it(
    cluster: Cluster, world: World, opened: Callable[..., Stream]
) -> None:
    map_ = base64.b64encode(bytes(3_000_000)).decode()
    bodies = [_notice(1), b"<VOEvent", _notice(2, additional_info=map_), _notice(3)]
    cluster.send("alerts", *bodies)
    stream = opened("alerts", group="g1")
    world.objects.away = True
    end = time.monotonic() + 20
    waits = metrics.KAFKA_TAKEN.labels("test", "waits")
    before = waits._value.get()
    while waits._value.get() < before + 2 and time.monotonic() < end:
        stream.turn()
    assert waits._value.get() >= before + 2, "it is tried again"
    assert cluster.committed("g1", "alerts") == 0
    world.objects.away = False
    _until(stream, lambda: len(world.receipts) == 3)
    assert world.events() == ["mission:1", "mission:2", "mission:3"], "in their order"
    assert cluster.committed("g1", "alerts") == 4
    assert sum("/quarantine/" in name for name in world.objects.content) == 2, "what is broken is kept, with why"


def test_who_dies_before_the_commit_loses_and_doubles_nothing(
    cluster: Cluster, world: World, opened: Callable[..., Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    """...and the other ways in which a message may be special."""
    heartbeat = metrics.KAFKA_HEARTBEAT.labels("test")
    cluster.send("hearts", b"{}")
    cluster.send("more", _notice(4), _notice(4))
    cluster.send("more", _notice(5), headers={"_test": "true"})
    cluster.send("more", b'{"superevent_id": "S1", "alert_type": "RETRACTION", "time_created": "2024-01-01T00:00:00Z"}')
    more = {"heartbeat": "hearts", "streams": ["mission"]}
    first = opened("more", group="g2", **more)
    heartbeat.set(0)

    settle = first._settle

    def die(taken: dict[tuple[str, int], int], held: dict[tuple[str, int], int]) -> None:
        if any(topic == "more" for topic, _ in taken):
            raise SystemExit
        settle(taken, held)

    with monkeypatch.context() as patched:
        patched.setattr(first, "_settle", die)
        with pytest.raises(SystemExit):
            _until(first, lambda: False)
    first.close()
    assert len(world.receipts) == 2
    assert cluster.committed("g2", "more") == 0

    second = opened("more", group="g2", **more)
    duplicates = metrics.KAFKA_TAKEN.labels("test", "duplicate")
    before = duplicates._value.get()
    _until(second, lambda: cluster.committed("g2", "more") == 4)
    assert len(world.receipts) == 2
    assert duplicates._value.get() - before == 3, "the same content has the receipt that it had"
    kept = [Alerts(world.objects).receipt(Path(name).stem).notice for name in world.receipts]
    assert {one.event_key: (one.test, one.why_test) for one in kept} == {
        "mission:4": (False, ""),
        "mission:5": (True, "the sender marked the message as a test"),
    }
    assert time.time() - heartbeat._value.get() < 60


class _Failing:
    """A consumer of which some calls fail once."""

    def __init__(self, consumer: Any, *names: str) -> None:
        self._consumer = consumer
        self.left = list(names)

    def __getattr__(self, name: str) -> Any:
        if name in self.left:
            self.left.remove(name)
            return self._fail
        return getattr(self._consumer, name)

    def _fail(self, *_: Any, **__: Any) -> None:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


class _Stumbles(World):
    """An inbox that cannot take one event the first time."""

    def __init__(self, event_key: str, error: Exception) -> None:
        super().__init__()
        self._stumble: dict[str, Exception] = {event_key: error}

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Keep an entry for the triggers service, but for one."""
        if error := self._stumble.pop(entry.event_key, None):
            raise error
        super().alert(routing_key, entry)


@pytest.mark.parametrize(
    ("error", "failing"),
    [
        (RuntimeError("a fault"), ()),
        (BrokerUnavailable("Away", "away"), ("commit",)),
        (BrokerUnavailable("Away", "away"), ("seek",)),
        (BrokerUnavailable("Away", "away"), ("commit", "seek")),
    ],
    ids=["fault", "commit", "seek", "both"],
)
def test_what_was_not_taken_comes_again_whatever_else_fails(
    cluster: Cluster, tmp_path: Path, error: Exception, failing: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """One in the middle is not taken, and the answers to what follows are lost."""
    name = request.node.callspec.id
    cluster.send(f"held-{name}", *map(_notice, range(10, 15)))
    world = _Stumbles("mission:12", error)
    path = tmp_path / "kafka.toml"
    text = f'[in.{name}]\ntopics = ["held-{name}"]\n[in.{name}.client]\n"bootstrap.servers" = "{cluster.address}"\n'
    path.write_text(text + '"session.timeout.ms" = 3000\n"heartbeat.interval.ms" = 300\n')
    streams = Streams(KafkaFile(path), world.intake, directly, beside=lambda work: work())
    streams.look()
    stream = streams._streams[name]
    flaky = _Failing(stream._consumer, *failing)
    stream._consumer = flaky  # type: ignore[assignment]
    end = time.monotonic() + 20
    while len(set(world.events())) < 5 and time.monotonic() < end:
        streams.look()
    streams.close()
    assert set(world.events()) == {f"mission:{number}" for number in range(10, 15)}
    assert not flaky.left, "the calls failed"
    assert cluster.committed(f"odamesh-{name}", f"held-{name}") == 5


def test_a_stream_goes_on_by_itself_until_it_is_closed(
    cluster: Cluster, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume, "_TURNS_SECONDS", 3600.0)
    path = tmp_path / "kafka.toml"
    path.write_text(f'[in.on]\ntopics = ["on"]\n[in.on.client]\n"bootstrap.servers" = "{cluster.address}"\n')
    streams = Streams(KafkaFile(path), world.intake, directly)
    streams.look()
    end = time.monotonic() + 30
    for number in (20, 21):
        cluster.send("on", _notice(number))
        while f"mission:{number}" not in world.events():
            assert time.monotonic() < end, "nobody looked again"
            time.sleep(0.01)
    streams.close()
    assert cluster.committed("odamesh-on", "on") == 2


def test_fifty_posts_and_fifty_messages_at_once_are_one_notice(
    cluster: Cluster, world: World, opened: Callable[..., Stream]
) -> None:
    cluster.send("copies", *[_notice(7)] * 50)
    stream = opened("copies", group="g3")
    posts = [threading.Thread(target=lambda: world.intake.take(_notice(7), "broker")) for _ in range(50)]
    _until(stream, lambda: bool(world.receipts))
    for one in posts:
        one.start()
    _until(stream, lambda: cluster.committed("g3", "copies") == 50)
    for one in posts:
        one.join()
    assert len(world.receipts) == 1
    assert set(world.events()) == {"mission:7"}


def _message(topic: str = "transient.record", body: bytes = b"{}") -> Delivery:
    return Delivery(body, "a" * 32, "lvk:S1", topic, {"x-event": "lvk:S1", "x-record": 3})


def _out(tmp_path: Path, address: str, more: str = "") -> KafkaOut:
    path = tmp_path / "kafka.toml"
    path.write_text(f'[out]\nprefix = "gcn.notices."\n{more}\n[out.client]\n"bootstrap.servers" = "{address}"\n')
    return KafkaOut(KafkaFile(path), directly)


def test_messages_go_out_with_their_id_and_key(cluster: Cluster, tmp_path: Path) -> None:
    out = _out(tmp_path, cluster.address)
    out.send(_message(body=b'{"version": 3}'))
    out.send(_message("polar.followup.test"))
    sent = cluster.find("gcn.notices.transient.record", b"lvk:S1")
    assert sent.value() == b'{"version": 3}'
    headers = dict(sent.headers())
    assert (headers["message_id"], headers["event"], headers["record"]) == (b"a" * 32, b"lvk:S1", b"3")
    assert "_test" not in headers
    test = cluster.find("gcn.notices.polar.followup.test", b"lvk:S1")
    assert dict(test.headers())["_test"] == b"true"
    with pytest.raises(ContractViolation, match="does not take"):
        out.send(_message(body=bytes(2_000_000)))


def test_what_is_not_wanted_does_not_go_out(cluster: Cluster, tmp_path: Path) -> None:
    out = _out(tmp_path, "127.0.0.1:1", 'topics = ["integral.*"]')
    out.send(_message())
    (tmp_path / "kafka.toml").unlink()
    KafkaOut(KafkaFile(tmp_path / "kafka.toml"), directly).send(_message())


def test_a_message_waits_for_a_cluster_that_is_away(tmp_path: Path) -> None:
    more = '"delivery.timeout.ms" = 1000\n"linger.ms" = 0'
    path = tmp_path / "kafka.toml"
    path.write_text(f'[out.client]\n"bootstrap.servers" = "127.0.0.1:1"\n{more}\n')
    with pytest.raises(BrokerUnavailable, match=r"transient\.record"):
        KafkaOut(KafkaFile(path), directly).send(_message())


_GCN = '[in.gcn]\nbroker = "gcn"\nclient_id = "i"\nclient_secret = "hunter2"\ntopics = ["a"]\n'


def test_the_names_of_brokers_stand_for_how_to_sign_in() -> None:
    scimma = '[in.hop]\nbroker = "scimma"\nuser = "u"\npassword = "p"\ntopics = ["t"]\n[in.hop.client]\n"x" = 1\n'
    found = parse_kafka(_GCN + scimma, Path("kafka.toml")).incoming
    gcn, hop = found["gcn"].configuration, found["hop"].configuration
    assert (gcn["sasl.mechanisms"], gcn["sasl.oauthbearer.method"]) == ("OAUTHBEARER", "oidc")
    assert gcn["sasl.oauthbearer.client.secret"] == "hunter2"
    assert (hop["sasl.mechanisms"], hop["sasl.password"], hop["x"]) == ("SCRAM-SHA-512", "p", 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[in.gcn", "not valid TOML"),
        ('[in.gcn]\nbroker = "gcn"\ntopics = ["a"]\nclient_secret = "hunter2"', "client_id"),
        ('[in.a]\ntopics = ["a"]', "bootstrap.servers"),
        ('[in.a]\n[in.a.client]\n"bootstrap.servers" = "x"', "topics"),
        (_GCN + '[in.gcn.client]\n"enable.auto.commit" = true', "enable.auto.commit"),
        ("[in.gcn]\nbrokr = 1", "in.gcn.brokr"),
    ],
)
def test_a_mistake_in_the_file_is_named_and_no_secret_shown(text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words.replace(".", r"\.")) as caught:
        parse_kafka(text, Path("kafka.toml"))
    assert "hunter2" not in str(caught.value)


def test_a_changed_file_opens_and_closes_streams(
    world: World, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_settings, "_LOOK_SECONDS", 0.0)
    path = tmp_path / "kafka.toml"
    streams = Streams(KafkaFile(path), world.intake, directly, beside=lambda work: work())
    streams.look()
    text = f'[in.a]\ntopics = ["a"]\n[in.a.client]\n"bootstrap.servers" = "{cluster.address}"\n'
    path.write_text(text)
    streams.look()
    (first,) = streams._streams.values()
    path.write_text("[in.a")  # a mistake
    streams.look()
    assert list(streams._streams.values()) == [first]
    path.write_text(text.replace('"a"]', '"a", "b"]'))
    streams.look()
    assert list(streams._streams.values()) != [first]
    path.write_text(text + '"no.such.setting" = 1\n')
    streams.look()
    assert not streams._streams, "and the others would go on"
    streams.close()
