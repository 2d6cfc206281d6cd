r"""The operator's ``kafka.toml``: from which brokers alerts are read, and to which one messages go. It may be absent.

```toml
[in.gcn]
broker = "gcn"                        # or "scimma"; without, [in.gcn.client] says all
client_id = "..."                     # of gcn.nasa.gov; for scimma: user and password
client_secret = "..."
topics = ["igwn.gwalert", "^gcn\\.notices\\..*"]   # with ^ a regular expression
heartbeat = "gcn.heartbeat"           # about once a second, whose silence raises an alarm

[out]
prefix = "gcn.notices."               # before the topics of the mesh
[out.client]
"bootstrap.servers" = "kafka.example.org:9092"
```

Whatever stands in ``client`` goes to librdkafka as it is written:
https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
"""

import fnmatch
import time
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import structlog
from pydantic import Field, ValidationError, model_validator

from mesh.contracts.document import Part
from mesh.settings import SettingsError

_log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0
_OURS = frozenset({"enable.auto.commit", "enable.auto.offset.store", "group.id", "error_cb", "on_delivery"})
"""Offsets are committed when a message is stored, and not by the clock."""
_GCN = {
    "bootstrap.servers": "kafka.gcn.nasa.gov",
    "security.protocol": "sasl_ssl",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.token.endpoint.url": "https://auth.gcn.nasa.gov/oauth2/token",
}
_SCIMMA = {
    "bootstrap.servers": "kafka.scimma.org:9092",
    "security.protocol": "sasl_ssl",
    "sasl.mechanisms": "SCRAM-SHA-512",
}


class Broker(Part):
    """A cluster, and as whom."""

    broker: Literal["gcn", "scimma", ""] = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    user: str = ""
    password: str = Field(default="", repr=False)
    client: dict[str, str | int | float | bool] = Field(default_factory=dict, repr=False)
    """Settings of librdkafka; they replace those that the broker's name stands for."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.broker == "gcn" and not (self.client_id and self.client_secret):
            msg = "GCN needs client_id and client_secret, from https://gcn.nasa.gov/quickstart"
            raise ValueError(msg)
        if self.broker == "scimma" and not (self.user and self.password):
            msg = "SCiMMA needs user and password, from https://admin.dev.hop.scimma.org"
            raise ValueError(msg)
        if not self.broker and not self.client.get("bootstrap.servers"):
            msg = 'name a broker, or "bootstrap.servers" in client'
            raise ValueError(msg)
        if taken := sorted(_OURS & self.client.keys()):
            msg = f"remove {', '.join(taken)} from client: the mesh sets it"
            raise ValueError(msg)
        return self

    @property
    def configuration(self) -> dict[str, Any]:
        """What librdkafka is told of the cluster."""
        if self.broker == "gcn":
            own = {"sasl.oauthbearer.client.id": self.client_id, "sasl.oauthbearer.client.secret": self.client_secret}
            return {**_GCN, **own, **self.client}
        if self.broker == "scimma":
            return {**_SCIMMA, "sasl.username": self.user, "sasl.password": self.password, **self.client}
        return dict(self.client)


class Incoming(Broker):
    """Topics from which alerts are read."""

    topics: tuple[str, ...] = Field(min_length=1)
    """With ``^`` before it a regular expression."""
    heartbeat: str = ""
    """Topic with a message every second or so; empty: the cluster has none."""
    streams: tuple[str, ...] = ()
    """Streams that it may send, e.g. ``lvk``; empty: all."""
    group: str = ""
    """Of consumers, which share the messages and go on where they were; empty: ``odamesh-`` and the name here."""


class Outgoing(Broker):
    """Where messages of the mesh go."""

    prefix: str = ""
    """Before the topics of the mesh."""
    topics: tuple[str, ...] = ()
    """Which of them, ``*`` stands for anything; empty: all. Those of tests go to topics that end with ``.test``."""

    def wants(self, topic: str) -> bool:
        """Say whether messages of a topic go there."""
        return not self.topics or any(fnmatch.fnmatchcase(topic.removesuffix(".test"), one) for one in self.topics)


class KafkaSettings(Part):
    """What the file says."""

    incoming: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")], Incoming] = Field(
        default_factory=dict, alias="in"
    )
    outgoing: Outgoing | None = Field(default=None, alias="out")


def parse_kafka(text: str, path: Path) -> KafkaSettings:
    """Read what is to be in the file.

    Args:
        text: TOML.
        path: named where there is a mistake.

    Raises:
        SettingsError: it has a mistake; names the entry, never its value.
    """
    try:
        return KafkaSettings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML ({error})") from error
    except ValidationError as error:
        # Not its own text, which repeats the values: some are secrets.
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise SettingsError(f"{path}: {faults} (see docs/alerts.md)") from None


class KafkaFile:
    """The file as it is now. A mistake in a changed file is logged, and the last good one counts.

    Args:
        path: where it is; where there is none, Kafka is not used.

    Raises:
        SettingsError: it has a mistake.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = self._read()
        self._settings = parse_kafka(self._text, path)
        self._looked = time.monotonic()

    def now(self) -> KafkaSettings:
        """Return what the file says; looks at it every few seconds."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._looked = time.monotonic()
            text = self._read()
            if text != self._text:
                self._text = text
                try:
                    self._settings = parse_kafka(text, self._path)
                    _log.info("file about Kafka read again")
                except SettingsError as error:
                    _log.error("file about Kafka has a mistake; the one before still counts", error=str(error))
        return self._settings

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"cannot read {self._path}: {error}") from error
