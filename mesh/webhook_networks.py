"""To which private networks messages may be posted; from the environment (prefix ``ODAMESH_WEBHOOK_``)."""

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.public_address import Network, networks


class WebhookNetworks(BaseSettings):
    """Read by the gateway, which refuses what can never be posted to, and by the transports, which post."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_WEBHOOK_", extra="ignore", frozen=True)

    networks: str = ""
    """Networks, separated by commas, e.g. ``10.1.0.0/16``; empty: public addresses alone."""

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text

    @property
    def allowed(self) -> tuple[Network, ...]:
        """The networks."""
        return networks(self.networks)
