"""Pictures: north up, every band, names that meet nothing, bins as asked for at peaks, limits from the data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from astropy.wcs import WCS
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mesh.kit.ogip.light_curve import LightCurve
from science.coded_mask import curve_plot
from science.coded_mask.common_error import Constant
from science.coded_mask.figure import file_names
from science.coded_mask.geometry import unit_vector
from science.coded_mask.label_places import write_labels
from science.coded_mask.preview import north_up, write_preview
from science.coded_mask.tan_image import BandImage, window_wcs
from science.coded_mask.window_curves import SourceCurves
from services.isgri.analysis.camera import GRID
from services.isgri.analysis.instrument import INSTRUMENT

_CENTRE = (266.0, -29.0)


def _rolled(degrees: float) -> tuple[float, float]:
    """Return the direction of the Z axis of a spacecraft that points at the centre, turned from north to east."""
    x = unit_vector(*_CENTRE)
    a = np.radians(_CENTRE[0])
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    z = np.cos(np.radians(degrees)) * np.cross(x, east) + np.sin(np.radians(degrees)) * east
    return float(np.degrees(np.arctan2(z[1], z[0]))), float(np.degrees(np.arcsin(z[2])))


@pytest.mark.parametrize("roll", [0.0, 35.0, 90.0, 200.0])
def test_a_rolled_window_is_turned_north_up(roll: float) -> None:
    attitude = INSTRUMENT.attitude(*_CENTRE, *_rolled(roll))
    pixels = np.zeros(GRID.shape, np.float32)
    places = {1.0: (0.12, 0.02), 2.0: (-0.03, 0.15), 3.0: (0.0, 0.0)}
    for value, (tz, ty) in places.items():
        row, column = round(tz / GRID.step + GRID.axis[0]), round(ty / GRID.step + GRID.axis[1])
        pixels[row - 1 : row + 2, column - 1 : column + 2] = value
    turned, cards = north_up(pixels[:, ::-1], window_wcs(attitude, GRID))
    facts = {key: value for key, value, _ in cards}
    assert (facts["CD1_2"], facts["CD2_1"]) == (0.0, 0.0)
    assert float(str(facts["CD1_1"])) < 0.0 < float(str(facts["CD2_2"]))
    frame = WCS({key: value for key, value, _ in cards})
    for value, (tz, ty) in places.items():
        ra, dec = (float(angle) for angle in attitude.sky(tz, ty))
        x, y = frame.wcs_world2pix(ra, dec, 0)
        assert turned[round(float(y)), round(float(x))] == value


@pytest.mark.parametrize(("bands", "panels"), [(1, 1), (4, 4), (14, 12)])
def test_every_band_has_a_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bands: int, panels: int) -> None:
    titles: list[str] = []
    monkeypatch.setattr(
        matplotlib.figure.Figure,
        "savefig",
        lambda figure, *_args, **_more: titles.extend(axes.get_title(loc="left") for axes in figure.axes),
    )
    attitude = INSTRUMENT.attitude(*_CENTRE, *_rolled(20.0))
    images = [
        BandImage(kind, 20.0 + number, 21.0 + number, np.zeros((40, 30), np.float32))
        for number in range(bands)
        for kind in ("INTENSITY", "SIGNIFICANCE")
    ]
    write_preview(tmp_path / "preview.png", images, window_wcs(attitude, GRID), [("GX 1+4", *_CENTRE)], "title")
    assert sum(title.endswith("keV") for title in titles) == panels


def test_names_meet_neither_each_other_nor_marks_and_those_without_room_are_counted() -> None:
    figure = matplotlib.figure.Figure(figsize=(6, 6), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    rng = np.random.default_rng(3)
    places = [(f"IGR J1{n:04d}-2900", *rng.uniform(40, 60, 2)) for n in range(30)]
    write_labels(axes, [*places, ("outside", 150.0, 50.0)])
    names = [text for text in axes.texts if text.get_text().startswith("IGR")]
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in names]  # type: ignore[no-untyped-call]
    for index, box in enumerate(boxes):
        assert not any(box.shrunk(0.9, 0.9).overlaps(other.shrunk(0.9, 0.9)) for other in boxes[index + 1 :])
        assert axes.get_window_extent().contains(box.x0, box.y0)
        for _, x, y in places:
            at = axes.transData.transform((x, y))
            assert not box.shrunk(0.8, 0.8).contains(*at)
    assert 5 < len(names) < 30
    (told,) = [text.get_text() for text in axes.texts if "without name" in text.get_text()]
    assert told.startswith(f"{30 - len(names)} more")


def _curve(bins: int, width_s: float, peak: int) -> LightCurve:
    time = np.asarray(7000 * 86400.0 + (np.arange(bins) + 0.5) * width_s, np.float64)
    rate = np.full(bins, 10.0)
    rate[peak] = 500.0
    return LightCurve(time, rate, np.full(bins, 4.0), np.ones(bins), np.full(bins, width_s))


@pytest.mark.parametrize(("bins", "columns"), [(300, 1), (9000, 2)])
def test_the_peak_of_a_long_curve_is_drawn_in_the_bins_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bins: int, columns: int
) -> None:
    drawn: list[Axes] = []

    @contextmanager
    def figure(path: Path, width: float, height: float) -> Iterator[matplotlib.figure.Figure]:
        del path
        made = matplotlib.figure.Figure(figsize=(width, height))
        FigureCanvasAgg(made)
        yield made
        drawn.extend(made.axes)

    monkeypatch.setattr(curve_plot, "figure", figure)
    curve = _curve(bins, 0.2, 123)
    good = np.array([[curve.time_s[0], curve.time_s[-1]]])
    source = SourceCurves("GX 1+4", *_CENTRE, 0.2, [((20.0, 40.0), curve)], [Constant(10.0, 1.0, 1.0)], good)
    curve_plot.write_curve(tmp_path / "curve.png", source, "title")
    assert len(drawn) == columns
    # Its height is there in full, whatever was joined for the whole curve.
    assert drawn[-1].get_ylim()[1] > 500.0


def test_file_names_differ_also_where_capitals_do_not_count() -> None:
    names = file_names(["GX 1+4", "gx 1+4", "GX_1+4", "GX_1+4_2", "α", "β"])
    assert names[0] == "GX_1+4"
    assert len({name.casefold() for name in names}) == 6
