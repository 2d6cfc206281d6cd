"""What an operator may set for the triggers service; from the environment (prefix ``ODAMESH_TRIGGERS_``)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Limits(BaseSettings):
    """How much is looked at around a trigger, and how long what needs a person waits for one."""

    model_config = SettingsConfigDict(env_prefix="ODAMESH_TRIGGERS_", extra="ignore", frozen=True)

    window_seconds: float = Field(default=300.0, ge=10, le=3600)
    """SPI-ACS is searched this long before and after the trigger."""
    around_seconds: float = Field(default=1000.0, ge=100, le=7200)
    """Data that are read before and after it, from which false alarms are measured."""
    hold_seconds: float = Field(default=900.0, ge=0)
    """A record that speaks of a likely association waits so long for a person, then it is published; 0: at once."""
