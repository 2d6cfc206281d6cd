"""The record of acceptance bars: what was measured against which limit, printed and kept for one run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Figure = float | int | bool | str | list[Any] | dict[str, Any]


class BarRecord:
    """Bars of one run, in the order of measurement.

    Args:
        path: JSON file that holds the list after every bar, or None for none. An old one is deleted.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._bars: list[dict[str, Any]] = []
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)

    def add(self, bar: dict[str, Any]) -> None:
        """Keep a bar; the file is whole at any moment, so that a run that breaks off leaves its bars."""
        self._bars.append(bar)
        if self._path is not None:
            lines = ",\n ".join(json.dumps(kept) for kept in self._bars)
            beside = self._path.with_suffix(".new")
            beside.write_text(f"[\n {lines}\n]\n", encoding="utf-8")
            beside.replace(self._path)

    @property
    def missed(self) -> list[dict[str, Any]]:
        """Bars that do not hold, with or without a reason."""
        return [bar for bar in self._bars if not bar["holds"]]


def told(bar: dict[str, Any]) -> str:
    """Return a bar as a line for the reader."""
    verdict = "holds" if bar["holds"] else "DOES NOT HOLD" + (f" ({bar['reason']})" if "reason" in bar else "")
    return f"{bar['bar']} {bar['what']}: {bar['figure']} (limit {bar['limit']}) {verdict}"


class Bars:
    """What a test records its bars with; each is printed.

    Args:
        keep: takes each bar.
    """

    def __init__(self, keep: Callable[[dict[str, Any]], None]) -> None:
        self._keep = keep
        self.unexplained: list[str] = []

    def record(
        self, bar: str, what: str, figure: Any, limit: str, holds: bool | np.bool_, *, reason: str | None = None
    ) -> None:
        """Record one measured figure.

        A bar that does not hold fails its test once the test has recorded all of its bars, unless a reason is given.

        Args:
            bar: name in the acceptance list, such as "B-16"; "-" for a measure without one.
            what: quantity, number of trials, conditions.
            figure: what was measured; numbers are kept to five digits.
            limit: the design's limit in words, such as "< 0.5"; never a wider one.
            holds: whether the figure meets that limit.
            reason: why the bar may be missed here: too few trials for it in a short form, or a known shortfall. It is
                kept only if the bar does not hold.
        """
        entry = {"bar": bar, "what": what, "figure": _plain(figure), "limit": limit, "holds": bool(holds)}
        if not holds and reason is not None:
            entry["reason"] = reason
        elif not holds:
            self.unexplained.append(f"{bar} {what}: {entry['figure']}, limit {limit}")
        print(f"\n{told(entry)}")
        self._keep(entry)


def _plain(figure: Any) -> Figure:
    """Numbers of numpy as plain ones to five digits, inside lists and mappings too."""
    if isinstance(figure, dict):
        return {str(key): _plain(value) for key, value in figure.items()}
    if isinstance(figure, (list, tuple, np.ndarray)):
        return [_plain(value) for value in figure]
    if isinstance(figure, (bool, np.bool_)):
        return bool(figure)
    if isinstance(figure, (int, np.integer)):
        return int(figure)
    if isinstance(figure, (float, np.floating)):
        return float(f"{figure:.5g}") if np.isfinite(figure) else str(figure)
    return str(figure)
