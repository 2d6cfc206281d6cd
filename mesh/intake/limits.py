"""How large a request may be and how many there may be at once; from the environment (prefix ``ODAMESH_LIMIT_``).

The lengths of the lists that a parameter takes stand in `mesh.parameters` and, where an instrument differs, in its
``instrument.toml``.
"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.settings import MOST_WINDOWS


class Limits(BaseSettings):
    """What an operator may set for the doors of a mesh; 413, 422 and 429 name the limit that was reached."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_LIMIT_", extra="ignore", frozen=True)

    body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """Longest body of a request."""
    depth: int = Field(default=16, ge=4)
    """Lists and objects of a request's parameters inside each other."""
    windows: int = Field(default=MOST_WINDOWS, ge=1)
    """Science windows, or slices of time, of one request; planning has the same, ``ODAMESH_MAX_WINDOWS`` sets both."""
    labels: int = Field(default=16, ge=0)
    """Labels of one job."""
    asked_bytes: int = Field(default=64 * 1024, ge=0)
    """What a caller sent is kept as it was sent up to so many bytes of JSON; of more, the request alone tells."""
    execution_s: int = Field(default=0, ge=0)
    """How long a job may execute before it is cancelled, also where its caller wants longer [s]; 0: no limit."""
    users: int = Field(default=1000, ge=1)
    """Names under which something was asked for within one day."""
    streams: int = Field(default=500, ge=1)
    """Event streams of one gateway."""
    streams_a_caller: int = Field(default=50, ge=1)
    """Event streams of one gateway to one caller; of callers without account, to one address."""
