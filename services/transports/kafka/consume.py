"""Reads alerts from topics: each is taken as a post is, and its offset committed when the inbox has it.

Whoever dies in between leaves the offset where it was: the next reader gets the message again, which has its receipt
already. librdkafka waits in native threads, so that the green ones go on.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from mesh.alerts.errors import NoticeRefused
from mesh.errors import MeshError, TransientFailure
from mesh.intake.alerts import AlertIntake, StreamNotAllowed, allowed_streams
from mesh.service.native import Run
from services.transports import metrics
from services.transports.kafka.settings import Incoming, KafkaFile

_log = structlog.get_logger(__name__)

_AT_ONCE = 100
_WAIT_SECONDS = 0.5
_TURNS_SECONDS = 60.0
"""A stream has its turns one after the other for so long, until it is looked at again."""
_PAUSE_SECONDS = 1.0
_COMPLAIN_SECONDS = 60.0
_DEFAULTS: dict[str, Any] = {
    # The first time, what the broker still keeps is read; after that, from where the group was.
    "auto.offset.reset": "earliest",
    "client.id": "odamesh",
    # LVK's alerts have up to some megabytes.
    "fetch.message.max.bytes": 16 * 1024 * 1024,
    "session.timeout.ms": 30_000,
    # What goes wrong is told to `error_cb`, and logged and counted as everything else is.
    "log_level": 2,
}
_TEST_HEADER = "_test"
"""By which clients of Hopskotch mark tests."""


_Offsets = dict[tuple[str, int], int]
"""Topic and partition -> offset."""


class Stream:
    """One consumer.

    Args:
        name: as the file calls it.
        settings: of the file.
        intake: takes what comes.
        run: calls what waits in librdkafka.
    """

    def __init__(self, name: str, settings: Incoming, intake: AlertIntake, run: Run) -> None:
        self.name = name
        self.settings = settings
        self._intake = intake
        self._run = run
        self._allows = allowed_streams(settings.streams)
        self.astray = False
        """Whether nobody knows where it stands: another one is to begin from what was committed."""
        self._pause_until = 0.0
        self._complained: dict[str, float] = {}
        configuration = {**_DEFAULTS, **settings.configuration, "group.id": settings.group or f"odamesh-{name}"}
        configuration |= {"enable.auto.commit": False, "enable.auto.offset.store": False}
        self._consumer = Consumer({**configuration, "error_cb": self._note_error})
        self._errors: list[Any] = []
        topics = [*settings.topics, *([settings.heartbeat] if settings.heartbeat else [])]
        self._consumer.subscribe(topics)
        # Silent from the start is silent as well.
        metrics.KAFKA_HEARD.labels(name).set(time.time())
        if settings.heartbeat:
            metrics.KAFKA_HEARTBEAT.labels(name).set(time.time())

    @property
    def pauses(self) -> bool:
        """Whether something could not be taken a moment ago."""
        return time.monotonic() < self._pause_until

    def turn(self) -> int:
        """Take what has come, and commit it; returns how many messages were taken.

        What cannot be taken now stays, with all that comes after it in its partition: because a server is away, or
        because of a fault of ours, which must not cost an alert either.
        """
        if self.pauses:
            return 0
        messages: Sequence[Any] = self._run(self._consumer.consume, _AT_ONCE, _WAIT_SECONDS)
        self._complain()
        taken: _Offsets = {}
        held: _Offsets = {}
        number = 0
        for message in messages:
            if message.error() is not None:
                self._errors.append(message.error())
                continue
            place = (message.topic(), message.partition())
            if place in held:
                continue
            try:
                number += self._take(message)
            except Exception as error:
                say = _log.warning if isinstance(error, TransientFailure) else _log.exception
                say("alert of Kafka waits", stream=self.name, topic=message.topic(), error=str(error))
                held[place] = message.offset()
            else:
                taken[place] = message.offset() + 1
        self._settle(taken, held)
        return number

    def close(self) -> None:
        """Leave the group, so that others take over at once."""
        self._run(self._consumer.close)
        for gauge in (metrics.KAFKA_HEARD, metrics.KAFKA_HEARTBEAT):
            with suppress(KeyError):
                gauge.remove(self.name)

    def _take(self, message: Any) -> bool:
        """Take one message; false for a heartbeat, and for what is no notice, which is kept in the quarantine."""
        metrics.KAFKA_HEARD.labels(self.name).set(time.time())
        if self.settings.heartbeat and message.topic() == self.settings.heartbeat:
            _, milliseconds = message.timestamp()
            metrics.KAFKA_HEARTBEAT.labels(self.name).set(milliseconds / 1000 if milliseconds > 0 else time.time())
            return False
        body = message.value()
        if not body:
            return False
        outcome = "refused"
        try:
            test = "the sender marked the message as a test" if _is_test(message.headers()) else ""
            told = self._intake.take(body, f"kafka {self.name}", allows=self._allows, test=test)
            outcome = "duplicate" if told.duplicate else "accepted"
        except NoticeRefused:
            return False
        except StreamNotAllowed as error:
            _log.warning("alert of Kafka not allowed", stream=self.name, topic=message.topic(), error=str(error))
            return False
        except Exception:
            outcome = "waits"
            raise
        finally:
            metrics.KAFKA_TAKEN.labels(self.name, outcome).inc()
        return True

    def _settle(self, taken: _Offsets, held: _Offsets) -> None:
        """Go back to what was not taken, and commit what was; neither depends on the answer to the other."""
        for place in _places(held):
            self._pause_until = time.monotonic() + _PAUSE_SECONDS
            try:
                self._run(self._consumer.seek, place)
            except KafkaException as error:
                # It may stand behind what was not taken, and must not commit that.
                self._errors.append(error.args[0])
                self.astray = True
        if taken:
            try:
                self._run(lambda: self._consumer.commit(offsets=_places(taken), asynchronous=False))
            except KafkaException as error:
                # Whoever reads next gets the messages again: the partition went to another reader, or it does later.
                self._errors.append(error.args[0])

    def _note_error(self, error: Any) -> None:
        # Called in a native thread, which must not wait for a green lock.
        self._errors.append(error)

    def _complain(self) -> None:
        errors, self._errors = self._errors, []
        for error in errors:
            code, now = str(error.name()), time.monotonic()
            metrics.KAFKA_ERRORS.labels(self.name, code).inc()
            if now - self._complained.get(code, -_COMPLAIN_SECONDS) >= _COMPLAIN_SECONDS:
                self._complained[code] = now
                _log.warning("Kafka", stream=self.name, code=code, error=str(error.str()))


class Streams:
    """The consumers that the file names, which follow its changes.

    Args:
        file: the operator's file.
        intake: takes what comes.
        run: calls what waits in librdkafka.
        beside: does something while the caller goes on.
    """

    def __init__(
        self,
        file: KafkaFile,
        intake: AlertIntake,
        run: Run,
        beside: Callable[[Callable[[], None]], None] = lambda work: threading.Thread(target=work, daemon=True).start(),
    ) -> None:
        self._file = file
        self._intake = intake
        self._run = run
        self._beside = beside
        self._streams: dict[str, Stream] = {}
        self._busy: set[str] = set()
        self._closing = False

    def look(self) -> None:
        """Let each stream have its turns, unless it has them; none holds up another."""
        if self._closing:
            return
        wanted = self._file.now().incoming
        for name, stream in list(self._streams.items()):
            if (stream.astray or wanted.get(name) != stream.settings) and name not in self._busy:
                del self._streams[name]
                stream.close()
        for name, settings in wanted.items():
            if name in self._busy:
                continue
            if name not in self._streams:
                try:
                    self._streams[name] = Stream(name, settings, self._intake, self._run)
                except KafkaException as error:
                    metrics.KAFKA_ERRORS.labels(name, "_INVALID_ARG").inc()
                    _log.error("stream of Kafka cannot be opened", stream=name, error=str(error.args[0]))
                    continue
            self._busy.add(name)
            self._beside(lambda stream=self._streams[name]: self._turns(stream))  # type: ignore[misc]

    def close(self) -> None:
        """Leave all groups when the turns have ended."""
        self._closing = True
        while self._busy:
            time.sleep(0.05)
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def _turns(self, stream: Stream) -> None:
        end = time.monotonic() + _TURNS_SECONDS
        try:
            stream.turn()
            while time.monotonic() < end and not stream.pauses and self._goes_on(stream):
                stream.turn()
        except (MeshError, KafkaException) as error:
            stream.astray = True
            _log.warning("turn of a stream of Kafka failed", stream=stream.name, error=str(error))
        finally:
            self._busy.discard(stream.name)

    def _goes_on(self, stream: Stream) -> bool:
        wanted = self._file.now().incoming.get(stream.name)
        return not self._closing and not stream.astray and wanted == stream.settings


def _places(offsets: _Offsets) -> list[TopicPartition]:
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]


def _is_test(headers: Iterable[tuple[str, bytes | None]] | None) -> bool:
    told = [value for name, value in headers or () if name == _TEST_HEADER]
    return any(value is not None and value.lower() not in {b"false", b"0", b""} for value in told)
