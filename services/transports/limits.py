"""What an operator may set for the transports; from the environment (prefix ``ODAMESH_TRANSPORTS_``)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Limits(BaseSettings):
    """Where readers find the mesh, how long is remembered what was sent, and where the file about Kafka is."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_TRANSPORTS_", extra="ignore", frozen=True)

    url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://\S+$")
    """Address of the gateway as receivers of messages know it, with its prefix; links begin with it."""
    keep_days: int = Field(default=30, ge=4)
    """How long it is remembered how a message ended; longer than all tries of one take."""
    kafka: Path | None = None
    """The file about Kafka; default ``<home>/credentials/transports-kafka.toml``."""
