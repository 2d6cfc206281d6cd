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
    image_windows: int = Field(default=10, ge=0, le=20)
    """So many science windows that cover most of a map are imaged with ISGRI and with JEM-X each; 0: none."""
    image_coverage: float = Field(default=0.01, ge=0, le=1)
    """Windows that cover less of its probability are not imaged."""
    map_hosts: str = "gracedb.ligo.org,heasarc.gsfc.nasa.gov"
    """Hosts of which sky maps are fetched by their address: names, separated by commas, ``name:port`` if not 443."""
    map_networks: str = ""
    """Private networks in which these hosts may be, e.g. ``10.1.0.0/16``; empty: none."""
    hold_seconds: float = Field(default=900.0, ge=0)
    """A record that speaks of a likely association waits so long for a person, then it is published; 0: at once."""
