"""Where the gateway listens and how patient it is; from the environment (prefix ``ODAMESH_GATEWAY_``)."""

import uuid
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.deliver import Way
from mesh.ports import GATEWAY
from mesh.settings import Settings, SettingsError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class GatewaySettings(BaseSettings):
    """What an operator may set for this process alone."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_GATEWAY_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=GATEWAY, ge=1, le=65535)
    hosts: str = ""
    """Names under which callers reach it, separated by commas, e.g. behind a proxy; addresses in numbers always work.

    Empty: ``localhost`` where it listens on loopback alone, else every name."""
    prefix: str = Field(default="", pattern=r"^((/[A-Za-z0-9._-]+)+)?$")
    """Path below which a proxy serves it, e.g. ``/odamesh``, whether or not the proxy takes it off; not ``/api``."""
    account: str = "gateway"
    """Section of the credentials file."""
    accounts: bool | None = None
    """Whether callers are asked who they are; unset: unless only this machine can reach it."""
    access: Path | None = None
    """The access file; default ``<home>/credentials/gateway-access.toml``."""
    proxies: str = "127.0.0.1,::1"
    """Addresses of proxies, separated by commas, that tell from where a call comes (``X-Forwarded-For``)."""
    files: Way = "link"
    """How files come to callers: ``link`` leads into the store, ``stream`` brings them through the gateway."""
    store_url: str = ""
    """Address of the store in links, e.g. ``https://files.example``, whose proxy hands on the Host; empty: its own."""
    surveys: str = ""
    """Addresses of sky surveys (HiPS), separated by commas, that the web page offers behind its images."""
    dashboards: str = ""
    """Address below which operators see dashboards, e.g. ``https://watch.example/consoles``; empty: at Prometheus."""
    link_seconds: int = Field(default=3600, ge=60, le=7 * 86400)
    """How long a presigned download link lives; the address that makes new ones does not expire."""
    sesame: str = ""
    """Address of Sesame of the CDS, or of a mirror, asked for names that the reference catalogue does not have (see
    docs/operate.md); empty: nobody is."""
    publish_seconds: float = Field(default=5.0, gt=0)
    """How long a caller waits for the broker's confirm before the answer is 503."""
    instance: str = Field(default_factory=lambda: uuid.uuid4().hex[:12])
    """Names this process's own event queue."""
    mesh: Settings = Field(default_factory=Settings)

    @field_validator("prefix")
    @classmethod
    def _is_none_of_ours(cls, prefix: str) -> str:
        if f"{prefix}/".startswith("/api/"):
            msg = "a path below /api is the gateway's own: choose another"
            raise ValueError(msg)
        return prefix

    @property
    def for_this_machine(self) -> bool:
        """Whether only this machine can reach it: it listens on loopback, and no public name is set for a proxy."""
        names = {name.strip() for name in self.hosts.split(",") if name.strip()}
        return self.host in _LOOPBACK and names <= _LOOPBACK

    @property
    def asks_callers(self) -> bool:
        """Whether callers are asked who they are.

        Raises:
            SettingsError: they are not to be, and others than this machine can reach it.
        """
        if self.accounts is not None and not self.accounts and not self.for_this_machine:
            public = f"listens on {self.host}" if self.host not in _LOOPBACK else f"is called {self.hosts}"
            msg = (
                f"the gateway {public}, where others reach it, and ODAMESH_GATEWAY_ACCOUNTS is off: remove one of both"
            )
            raise SettingsError(msg)
        return self.accounts if self.accounts is not None else not self.for_this_machine

    @property
    def sky_surveys(self) -> tuple[str, ...]:
        """Addresses of the sky surveys that the page offers."""
        return tuple(survey.strip() for survey in self.surveys.split(",") if survey.strip())

    @property
    def access_file(self) -> Path:
        """The access file."""
        return self.access or self.mesh.home / "credentials" / "gateway-access.toml"

    @property
    def host_names(self) -> frozenset[str] | None:
        """The names under which it answers; None: every name."""
        if self.hosts:
            return frozenset(name.strip() for name in self.hosts.split(",")) | {"localhost"}
        return frozenset({"localhost"}) if self.host in _LOOPBACK else None
