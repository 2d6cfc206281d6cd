"""What a dashboard is made of."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["", "s", "B", "%", "/s", "s since 1970"]
"""How numbers are shown; ``%`` of a share between 0 and 1."""


@dataclass(frozen=True)
class Line:
    """One expression, and the words for each series that it gives.

    Args:
        query: PromQL; ``[5m]`` and the like are fixed, so that a number means the same at every zoom.
        legend: labels in braces, e.g. ``{queue}``.
    """

    query: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One question and its answer over time.

    Args:
        title: the question, short.
        lines: what is drawn.
        unit: of the numbers.
        help: what a good answer looks like, and what to do about another.
        empty: why nothing may be drawn although all is well; empty: something always is, with a busy mesh.
    """

    title: str
    lines: tuple[Line, ...]
    unit: Unit = ""
    help: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Dashboard:
    """Panels that are looked at together.

    Args:
        name: of its file and its address.
        title: above it.
        rows: heading -> panels.
    """

    name: str
    title: str
    rows: dict[str, tuple[Panel, ...]]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of them, in order."""
        return tuple(panel for panels in self.rows.values() for panel in panels)


def one(title: str, query: str, legend: str, unit: Unit = "", help: str = "", *, empty: str = "") -> Panel:  # noqa: A002
    """Return a panel of one expression."""
    return Panel(title, (Line(query, legend),), unit, help, empty)
