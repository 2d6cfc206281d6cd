"""Where the gateway listens and how patient it is; from the environment (prefix ``ODAMESH_GATEWAY_``)."""

import uuid

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.ports import GATEWAY
from mesh.settings import Settings


class GatewaySettings(BaseSettings):
    """What an operator may set for this process alone."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_GATEWAY_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=GATEWAY, ge=1, le=65535)
    account: str = "gateway"
    """Section of the credentials file."""
    link_seconds: int = Field(default=3600, ge=60, le=7 * 86400)
    """How long a presigned download link lives; the address that makes new ones does not expire."""
    publish_seconds: float = Field(default=5.0, gt=0)
    """How long a caller waits for the broker's confirm before the answer is 503."""
    instance: str = Field(default_factory=lambda: uuid.uuid4().hex[:12])
    """Names this process's own event queue."""
    mesh: Settings = Field(default_factory=Settings)
