"""The gateway's ways to and from the real broker, in an exchange of each test's own."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pika
import pytest

from gateway.logs import LogPieces
from gateway.publisher import GatewayPublisher
from gateway.wakeups import Bell, Wakeups
from mesh.contracts import CancelJob, FollowLog, LogText, RunEvent
from mesh.errors import BrokerUnavailable
from mesh.settings import BrokerSettings, Settings, SettingsError
from mesh.states import JobState

_DOCUMENT = CancelJob(job_id="1" * 32)
_PATIENCE = 60.0


@pytest.fixture(scope="module")
def settings() -> BrokerSettings:
    """Return the administrator's account, which may declare exchanges."""
    try:
        return Settings().connections("admin").broker
    except SettingsError as error:
        pytest.skip(f"no broker: {error}")


@pytest.fixture
def channel(settings: BrokerSettings) -> Iterator[Any]:
    account = pika.PlainCredentials(settings.user, settings.password)
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(settings.host, settings.port, settings.vhost, account)
    )
    yield connection.channel()
    connection.close()


@pytest.fixture
def exchange(channel: Any) -> Iterator[str]:
    name = f"test.{uuid.uuid4().hex}"
    channel.exchange_declare(name, "topic")
    yield name
    channel.exchange_delete(name)


@pytest.fixture
def queue(channel: Any, exchange: str) -> str:
    """Return a queue that takes every cancel of the test's exchange."""
    name = str(channel.queue_declare("", exclusive=True).method.queue)
    channel.queue_bind(name, exchange, "cancel.*")
    return name


@pytest.fixture
def publisher(settings: BrokerSettings, exchange: str) -> Iterator[GatewayPublisher]:
    made = GatewayPublisher(settings, seconds=10, ready=lambda: True, exchange=exchange)
    yield made
    made.stop()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _publish(publisher: GatewayPublisher, key: str = "cancel.isgri") -> None:
    publisher.publish(key, _DOCUMENT, message_id="1" * 32, headers={"x-user": "ada"})


def test_when_publish_returns_the_message_is_in_the_queue(
    publisher: GatewayPublisher, channel: Any, queue: str
) -> None:
    _publish(publisher)
    _, properties, body = channel.basic_get(queue, auto_ack=True)
    assert CancelJob.decode(body) == _DOCUMENT
    assert (properties.message_id, properties.delivery_mode, properties.type) == ("1" * 32, 2, CancelJob.SCHEMA)
    assert properties.headers == {"x-attempt": 1, "x-user": "ada"}


def test_a_message_that_no_queue_takes_is_an_error_and_the_next_one_goes_through(
    publisher: GatewayPublisher, channel: Any, queue: str
) -> None:
    with pytest.raises(BrokerUnavailable) as caught:
        _publish(publisher, "submit.nobody")
    assert caught.value.reason == "Unroutable"
    _publish(publisher)
    assert channel.queue_declare(queue, passive=True).method.message_count == 1


def test_a_publisher_comes_back_after_the_broker_closed_its_channel(
    publisher: GatewayPublisher, channel: Any, exchange: str
) -> None:
    channel.exchange_delete(exchange)
    with pytest.raises(BrokerUnavailable):
        _publish(publisher)
    channel.exchange_declare(exchange, "topic")
    queue = str(channel.queue_declare("", exclusive=True).method.queue)
    channel.queue_bind(queue, exchange, "cancel.*")
    _publish(publisher)
    assert channel.queue_declare(queue, passive=True).method.message_count == 1


def test_a_broadcast_reaches_who_listens_and_harms_nobody_where_none_does(
    publisher: GatewayPublisher, channel: Any
) -> None:
    wish = FollowLog(unit_key="unit", try_id="0a", position=3)
    publisher.broadcast("follow.nobody", wish)
    queue = str(channel.queue_declare("", exclusive=True).method.queue)
    channel.queue_bind(queue, "mesh.control", "follow.test")
    publisher.broadcast("follow.test", wish)
    _until(lambda: channel.queue_declare(queue, passive=True).method.message_count == 1)
    _, properties, body = channel.basic_get(queue, auto_ack=True)
    assert FollowLog.decode(body) == wish
    assert properties.type == FollowLog.SCHEMA


def test_many_threads_publish_at_once(publisher: GatewayPublisher, channel: Any, queue: str) -> None:
    failed: list[Exception] = []

    def publish() -> None:
        try:
            for _ in range(20):
                _publish(publisher)
        except Exception as error:  # a thread's exception would be lost
            failed.append(error)

    threads = [threading.Thread(target=publish) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert channel.queue_declare(queue, passive=True).method.message_count == 320


def test_nobody_listening_there_is_an_error_too(settings: BrokerSettings) -> None:
    publisher = GatewayPublisher(settings.model_copy(update={"port": 9}), seconds=1, ready=lambda: False)
    with pytest.raises(BrokerUnavailable):
        _publish(publisher)
    publisher.broadcast("follow.nobody", FollowLog(unit_key="unit"))  # dropped
    assert not publisher.ready


def test_run_events_ring_the_bell_logs_reach_their_followers_and_nonsense_does_no_harm(
    settings: BrokerSettings, channel: Any, exchange: str
) -> None:
    async def listen() -> None:
        bell, logs = Bell(), LogPieces()
        wakeups = Wakeups(settings, f"test-{uuid.uuid4().hex}", bell, logs, exchange)
        wakeups.start(asyncio.get_running_loop())
        try:
            await asyncio.to_thread(_until, lambda: wakeups.ready)
            with bell.listen("mine") as rung, bell.listen("other") as silent, logs.listen("unit") as pieces:
                channel.basic_publish(exchange, "job.executing", b"nonsense")
                event = RunEvent(run_id="mine", state=JobState.EXECUTING)
                channel.basic_publish(exchange, event.routing_key, event.encode())
                await asyncio.wait_for(rung.wait(), _PATIENCE)
                assert not silent.is_set()
                piece = LogText(instrument="isgri", unit_key="unit", try_id="0", start=0, end=2, text="ab")
                for body in (b"nonsense", piece.model_copy(update={"unit_key": "other"}).encode(), piece.encode()):
                    channel.basic_publish(exchange, piece.routing_key, body)
                assert await asyncio.wait_for(pieces.get(), _PATIENCE) == piece
                assert pieces.empty()
        finally:
            await asyncio.to_thread(wakeups.stop)

    asyncio.run(listen())
