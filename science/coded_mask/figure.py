"""What all previews have in common: a plain look, fixed fonts, and the same bytes from the same input."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DATA, FRAME, FAINT, ACCENT = "#12355b", "#333333", "#9aa5b1", "#c8553d"
"""Colours: measured points, axes, aids to the eye, emphasis."""

PACKING = {"compress_level": 1}
"""How hard the pixels of a PNG are packed: a tenth more bytes than usual for half the time."""

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.edgecolor": FRAME,
    "axes.labelcolor": FRAME,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FRAME,
    "ytick.color": FRAME,
}


@contextmanager
def figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Yield a figure of this size in inches, and write it as a PNG."""
    with mpl.rc_context(_STYLE):
        made = Figure(figsize=(width, height), dpi=130, layout="constrained")
        FigureCanvasAgg(made)
        yield made
        made.savefig(path, metadata={"Software": None}, pil_kwargs=PACKING)


def file_names(sources: Sequence[str]) -> list[str]:
    """Return a part of a file name for each source; none differ in capitals alone, as some file systems know none."""
    taken: set[str] = set()
    names = []
    for source in sources:
        name, number = file_name(source), 2
        while name.casefold() in taken:
            name, number = f"{file_name(source)}_{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def file_name(source: str) -> str:
    """Return the name of a source as it can be part of a file name: ``GX 1+4`` gives ``GX_1+4``."""
    kept = "".join(c if c.isalnum() or c in "+-." else "_" for c in source if c.isascii())
    return kept.strip("_")[:80] or "source"
