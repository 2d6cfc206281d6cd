"""Names beside marks in a picture, none across another name or another mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

_MARK = 6.5
"""Radius of a mark, points."""
_DISTANCES = (2.0, 12.0, 26.0, 44.0)
"""How far from its mark a name may stand, points; from the second on a line joins them."""
_SIDES = ((1, 1), (1, 0), (1, -1), (-1, 1), (-1, 0), (-1, -1), (0, 1), (0, -1))
_MOST_NAMES = 60


@dataclass(frozen=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )

    def inside(self, other: "_Box") -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.bottom <= self.bottom
            and self.top <= other.top
        )


def write_labels(axes: Axes, places: Sequence[tuple[str, float, float]], fontsize: float = 9.0) -> None:
    """Mark places and write their names, the first ones first; names for which there is no room are counted.

    Args:
        axes: with its final place and limits.
        places: name and position in data coordinates; those outside the limits are left out.
        fontsize: of the names, points.
    """
    canvas = axes.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)  # noqa: S101 - as all our figures are
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    font = FontProperties(size=fontsize)
    points = axes.figure.dpi / 72.0
    window = axes.get_window_extent()
    frame = _Box(window.x0 + 2, window.y0 + 2, window.x1 - 2, window.y1 - 2)
    at = [(name, *axes.transData.transform((x, y))) for name, x, y in places]
    seen = [(name, x, y) for name, x, y in at if frame.left < x < frame.right and frame.bottom < y < frame.top]
    radius = _MARK * points
    taken = [_Box(x - radius, y - radius, x + radius, y + radius) for _, x, y in seen]
    to_data = axes.transData.inverted()
    left_out = 0
    for index, (name, x, y) in enumerate(seen):
        data = to_data.transform((x, y))
        axes.plot(*data, "o", mfc="none", mec="#7fe7ff", ms=2 * _MARK, mew=1.1)
        width, height, _ = renderer.get_text_width_height_descent(name, font, ismath=False)
        others = [*taken[:index], *taken[index + 1 :]]
        free = (
            (box, joined)
            for box, joined in _beside(x, y, width, height, scale=points)
            if box.inside(frame) and not any(box.meets(other) for other in others)
        )
        found = next(free, None) if index < _MOST_NAMES else None
        if found is None:
            left_out += 1
            continue
        box, joined = found
        taken.append(box)
        if joined:
            near = (min(max(x, box.left), box.right), min(max(y, box.bottom), box.top))
            axes.plot(*zip(data, to_data.transform(near), strict=True), color="#7fe7ff", lw=0.7, zorder=2.5)
        axes.annotate(
            name,
            (box.left, box.bottom),
            xycoords="figure pixels",
            color="white",
            fontsize=fontsize,
            va="bottom",
            path_effects=[withStroke(linewidth=2.0, foreground="black")],
        )
    if left_out:
        axes.text(
            0.01, 0.01, f"{left_out} more marked without name, see the catalogue", transform=axes.transAxes,
            color="white", fontsize=fontsize - 1, path_effects=[withStroke(linewidth=2.0, foreground="black")],
        )  # fmt: skip


def _beside(x: float, y: float, width: float, height: float, *, scale: float) -> Iterator[tuple[_Box, bool]]:
    """Yield boxes of a name beside its mark, nearest first, and whether a line joins them; *scale* pixels a point."""
    for number, distance in enumerate(_DISTANCES):
        away = (_MARK + distance) * scale
        for side, up in _SIDES:
            reach = away if 0 in (side, up) else 0.75 * away
            left = x + side * reach - (width if side < 0 else width / 2 if side == 0 else 0.0)
            bottom = y + up * reach - (height if up < 0 else height / 2 if up == 0 else 0.0)
            yield _Box(left, bottom, left + width, bottom + height), number > 0
