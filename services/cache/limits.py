"""How much is kept and for how long; from the environment (prefix ``ODAMESH_CACHE_``)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_GIB = 1 << 30
_DAY_SECONDS = 86_400.0


class Limits(BaseSettings):
    """What an operator may set for the cache; 0 is no limit."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_CACHE_", extra="ignore", frozen=True)

    max_gib: float = Field(default=0, ge=0)
    """Size of all products [GiB]: beyond it the longest unused ones are removed."""
    max_days: float = Field(default=0, ge=0)
    """Products that were not used for so long, and logs of failures that old, are removed."""

    @property
    def max_bytes(self) -> int | None:
        """Limit of the size [bytes]; None: no limit."""
        return int(self.max_gib * _GIB) or None

    @property
    def max_seconds(self) -> float | None:
        """Limit of the time without use [s]; None: no limit."""
        return self.max_days * _DAY_SECONDS or None
