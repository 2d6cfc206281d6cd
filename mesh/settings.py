"""Where the servers are and which account to use, from one private file and the environment.

`odamesh stack up` writes ``credentials.toml`` (mode 0600). ``ODAMESH_CREDENTIALS`` names it; every service reads only
its own account. What a deployment sets differently goes into environment variables with the prefix ``ODAMESH_``.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.contracts.document import Part
from mesh.errors import MeshError

MOST_WINDOWS = 250_000
"""Of one request, unless the operator says otherwise; the whole SPI-ACS mission has 196 000 slices."""


class SettingsError(MeshError):
    """A setting is missing or wrong; the text says which and where to set it."""


class BrokerSettings(Part):
    """RabbitMQ."""

    host: str
    port: int
    user: str
    password: str = Field(repr=False)
    vhost: str = "odamesh"


class RedisSettings(Part):
    """Redis."""

    host: str
    port: int
    user: str
    password: str = Field(repr=False)


class StoreSettings(Part):
    """MinIO or whatever speaks S3 in its place."""

    endpoint: str
    """host:port, without scheme."""
    access_key: str
    secret_key: str = Field(repr=False)
    bucket: str = "odamesh"
    secure: bool = False

    @property
    def address(self) -> str:
        """Where it is, with scheme."""
        return f"{'https' if self.secure else 'http'}://{self.endpoint}"


class Connections(Part):
    """The three servers, as one account sees them."""

    broker: BrokerSettings
    redis: RedisSettings
    store: StoreSettings


class Watchers(Part):
    """Who keeps the figures and hands on the alarms; an address is empty where nobody said it."""

    prometheus: str = ""
    alertmanager: str = ""


class Settings(BaseSettings):
    """What a process of the mesh can be told by its environment (prefix ``ODAMESH_``)."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_", extra="ignore", frozen=True)

    home: Path = Path("/var/lib/odamesh")
    """State of this machine: server data, logs, work directories."""
    credentials: Path | None = None
    """Private file with end points and accounts; default ``<home>/credentials.toml``."""
    archive: str = ""
    """Directory, http(s) or s3 prefix laid out as the ISDC archive; default ``<home>/archive``."""
    runner: str = "warm"
    """How units run: warm or docker (in containers; without an engine they wait), local (as processes, not confined),
    auto (warm, or local where no engine answers when the service starts) or fake (tests)."""
    slots: int = Field(default=0, ge=0)
    """Units at once in one instrument service; 0: as its ``instrument.toml`` says."""
    docker_host: str = ""
    """Address of the container engine; empty: from the credentials file or the default socket."""
    max_windows: int = Field(default=MOST_WINDOWS, ge=1)
    """Most science windows, or slices of time, of one request."""
    health_host: str = "127.0.0.1"
    health_port: int = 0
    """Port of /livez, /readyz and /metrics; 0 takes the one of the service (see docs/operate.md)."""
    job_days: float = Field(default=0, ge=0)
    """How long a job and its outcome stay after its end [days]; 0: for ever. Requests always stay."""
    trail_days: int = Field(default=90, ge=1)
    """How long the audit trail stays [days]."""
    drain_seconds: float = Field(default=30.0, ge=0)
    """How long a service that is asked to stop lets its running handlers finish; then others take their work over."""
    log_level: str = "info"
    traces: str = ""
    """Address of what takes traces, OTLP over HTTP, e.g. ``http://127.0.0.1:4318``; empty: none are made."""
    traces_share: float = Field(default=1.0, ge=0, le=1)
    """Part of the traces that is sent."""

    @property
    def credentials_file(self) -> Path:
        """The private file."""
        return self.credentials or self.home / "credentials.toml"

    @property
    def archive_location(self) -> str:
        """Where science windows come from."""
        return self.archive or str(self.home / "archive")

    @property
    def work(self) -> Path:
        """Directory for unit directories and runner sockets."""
        return self.home / "work"

    @property
    def images_file(self) -> Path:
        """File with the digests of the analysis images, written by the set-up."""
        return self.home / "images.toml"

    def image_of(self, instrument: str) -> str | None:
        """Return the digest of the image that the set-up built for an instrument; None where it built none."""
        if not self.images_file.is_file():
            return None
        image: str | None = _read(self.images_file).get("images", {}).get(instrument)
        return image

    def engine_address(self) -> str:
        """Return the address of the container engine, or an empty text for the default socket."""
        if self.docker_host:
            return self.docker_host
        return str(_read(self.credentials_file).get("endpoints", {}).get("docker_host", ""))

    def watchers(self) -> Watchers:
        """Return who keeps the figures and hands on the alarms.

        Raises:
            SettingsError: no file.
        """
        ends = _read(self.credentials_file).get("endpoints", {})
        return Watchers(prometheus=ends.get("prometheus_url", ""), alertmanager=ends.get("alertmanager_url", ""))

    def connections(self, account: str) -> Connections:
        """Return the servers with the account's own credentials.

        Raises:
            SettingsError: no file, or no such account in it.
        """
        content = _read(self.credentials_file)
        if account not in content.get("accounts", {}):
            msg = f"{self.credentials_file} has no account {account!r}: run `odamesh stack up` again"
            raise SettingsError(msg)
        ends, own = content["endpoints"], content["accounts"][account]
        try:
            return Connections(
                broker=BrokerSettings(
                    host=ends["amqp_host"],
                    port=ends["amqp_port"],
                    user=own["amqp_user"],
                    password=own["amqp_password"],
                    vhost=ends.get("amqp_vhost", "odamesh"),
                ),
                redis=RedisSettings(
                    host=ends["redis_host"],
                    port=ends["redis_port"],
                    user=own["redis_user"],
                    password=own["redis_password"],
                ),
                store=StoreSettings(
                    endpoint=ends["s3_endpoint"],
                    access_key=own["s3_access_key"],
                    secret_key=own["s3_secret_key"],
                    bucket=ends.get("bucket", "odamesh"),
                    secure=ends.get("s3_secure", False),
                ),
            )
        except (KeyError, ValidationError) as error:
            msg = f"{self.credentials_file}: {error} is missing or wrong: run `odamesh stack up` again"
            raise SettingsError(msg) from error


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file() or not os.access(path, os.R_OK):
        msg = f"cannot read {path}: run `odamesh stack up`, or set ODAMESH_CREDENTIALS to your own file"
        raise SettingsError(msg)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not valid TOML ({error}): run `odamesh stack up` again"
        raise SettingsError(msg) from error
