"""What the gallery answers: cards of events, and one document of all that there is to show of an event."""

from typing import Any

from pydantic import BaseModel, Field

from mesh.contracts.notice import Coincidence, MapReference, Messenger, Position
from mesh.contracts.transient import EventVersion, State


class TransientCard(BaseModel):
    """One event of the list."""

    event_key: str
    name: str = Field(description="the name that people use, else the sender's id")
    names: tuple[str, ...]
    kind: Messenger = Field(serialization_alias="class")
    state: State
    test: bool
    simulated: bool = Field(description="some of its data are simulated")
    trigger_time: str | None
    received: str
    version: int
    answer: str
    association: str
    significant: bool | None
    area_90_deg2: float | None
    instruments: dict[str, str] = Field(description="instrument -> data, no-data, unknown or not-asked")
    links: dict[str, str] = Field(description="self, record; picture of the whole sky where there is one")


class TransientList(BaseModel):
    """One page of events, the latest trigger first."""

    transients: tuple[TransientCard, ...]
    next: str | None = Field(description="address of the next page; a page may be short and still have one")


class FileLink(BaseModel):
    """One file and where to get it."""

    name: str
    media_type: str
    url: str


class ShownAnalysis(BaseModel):
    """One analysis of the event."""

    instrument: str
    product: str
    state: str
    text: str
    results: dict[str, Any]
    job: str | None = Field(description="address of its job, once it has ended")
    picture: str | None
    files: tuple[FileLink, ...]


class ShownInstrument(BaseModel):
    """What one instrument has of the event."""

    instrument: str
    title: str
    status: str
    reason: str
    text: str
    simulated: str
    operated: tuple[str, str] | None
    windows: tuple[str, ...]
    analyses: tuple[ShownAnalysis, ...]


class LightCurveLink(BaseModel):
    """A light curve around the trigger."""

    instrument: str
    title: str
    series: str = Field(description="address of its values as JSON")
    fits: str
    picture: str | None


class NoData(BaseModel):
    """Why an instrument has nothing of the event."""

    instrument: str
    title: str
    reason: str = Field(description="a word, e.g. NotOperating")
    text: str


class LocalisationSummary(BaseModel):
    """What the instruments saw of the sky map; what is not known is null."""

    answer: str
    t0: str | None
    ijd: float | None
    source: dict[str, Any]
    sky_map: dict[str, Any] = Field(description="areas, peak, mean direction, distance of the map")
    annulus: dict[str, Any] | None
    combined: dict[str, Any] | None = Field(description="the map cut by the annulus")
    distance_mpc: float | None
    spacecraft: dict[str, Any] = Field(description="axis, place, angles of map, Earth, Moon and Sun")
    light_travel_s: dict[str, Any]
    orientation: dict[str, Any] | None
    coverage: tuple[dict[str, Any], ...] = Field(description="each imager at the trigger and later, with its windows")
    polar: dict[str, Any] | None
    files: tuple[FileLink, ...]


class TransientDocument(BaseModel):
    """All that there is to show of an event."""

    event_key: str
    name: str
    names: tuple[str, ...]
    related: tuple[str, ...]
    kind: Messenger = Field(serialization_alias="class")
    state: State
    why: str
    test: bool
    why_test: str
    simulated: bool
    trigger_time: str | None
    search_time: str | None
    position: Position | None
    map: MapReference | None
    significant: bool | None
    far: float | None
    classification: dict[str, float]
    properties: dict[str, float]
    coincidences: tuple[Coincidence, ...]
    notices: tuple[EventVersion, ...]
    version: int
    made: str
    answer: str
    association: str
    instruments: tuple[ShownInstrument, ...]
    no_data: tuple[NoData, ...]
    light_curves: tuple[LightCurveLink, ...]
    excesses: tuple[dict[str, Any], ...]
    limits: tuple[dict[str, Any], ...] = Field(description="3 sigma limits folded with the map")
    localisation: LocalisationSummary | None
    localising: tuple[ShownAnalysis, ...] = Field(description="the localisation as an analysis: its state, its files")
    images: tuple[ShownAnalysis, ...] = Field(description="of the science windows that cover the map")
    picture: str | None = Field(description="of the whole sky: limits, map, fields of view, Earth, annulus")
    links: dict[str, str]


class Series(BaseModel):
    """A light curve in one band; a list each, of equal length."""

    band_kev: tuple[float, float] | None
    time_s: tuple[float, ...] = Field(description="bin centres, seconds after the trigger, at the spacecraft")
    rate: tuple[float | None, ...]
    error: tuple[float | None, ...]


class LightCurveDocument(BaseModel):
    """A light curve around the trigger, for a chart."""

    instrument: str
    title: str
    t0: str = Field(description="UTC of the trigger")
    unit: str
    bin_s: float
    simulated: str
    series: tuple[Series, ...]
    fits: str
