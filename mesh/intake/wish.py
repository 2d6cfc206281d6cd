"""What a caller wishes: an analysis and how to treat it, as the door has read it and before anything is checked."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from mesh.contracts import Lane, Selection

USER = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"
"""What a user may be called."""

MOST_EXECUTION_S = 10 * 365 * 86_400
"""What a job may be limited to: of more no clock can tell the end."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]

_EXAMPLES: list[JsonValue] = [
    {
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": {"scws": ["201600270010", "201600280010"]},
        "parameters": {"bands": [[20, 40], [40, 80]]},
    },
    {
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": {
            "time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"},
            "cone": {"ra": 266.4, "dec": -29.0, "radius": 10},
            "max_pointings": 50,
        },
        "parameters": {"bands": [[20, 40]]},
        "lane": "batch",
    },
]


class Wish(BaseModel):
    """An analysis that somebody wants to have done."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": _EXAMPLES})

    instrument: str = Field(max_length=64, description="one of /api/v1/instruments")
    product: str = Field(max_length=64, description="one of the instrument's products")
    selection: Selection = Field(
        default_factory=Selection,
        description="which science windows: a list, or a time range with an optional cone; products made of earlier "
        "products alone take none",
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="what differs from the defaults")
    lane: Lane = Field(default=Lane.USER, description="priority")
    labels: tuple[Label, ...] = Field(default=(), description="words of your own, shown with the job")
    draft: bool = Field(default=False, description="keep the job until it is started")
    destroy_after: str | None = Field(
        default=None, max_length=64, description="when to delete the job, whatever its state: UTC in ISO form"
    )
    execution_s: int = Field(
        default=0,
        ge=0,
        le=MOST_EXECUTION_S,
        description="cancel the job once it has executed for so many seconds; 0: it may take as long as it takes",
    )
