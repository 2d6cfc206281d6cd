"""Speed and memory of the ISGRI analysis: simulated windows of 2 ks with eight sources, files in, products out."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mesh.instruments import instrument
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, write_archive
from tests.bench.fresh_process import fresh_process
from tests.bench.one_core import cpu_s
from tests.unit_directory import unit_directory

_WINDOWS = 50
_FOUR_BANDS = [[20, 40], [40, 60], [60, 100], [100, 200]]


def measure() -> dict[str, float]:
    """Measure S-1 to S-4 and S-6."""
    with tempfile.TemporaryDirectory() as root:
        return _measure(Path(root))


def _measure(root: Path) -> dict[str, float]:
    from mesh.kit.analysis import Analysis, run_unit  # noqa: PLC0415
    from services.isgri.analysis import STAGES, warm  # noqa: PLC0415

    analysis = Analysis(stages=STAGES, warm=warm)
    events = _archive(root / "archive")
    units = iter(range(10_000))

    def prepared(stage: str, label: str, inputs: list[tuple[str, str, Path]], **parameters: Any) -> Path:
        declared = instrument("isgri").stage_parameters(stage, _defaults() | parameters)
        return unit_directory(root / str(next(units)), stage, label, declared, inputs)

    def image(label: str, **parameters: Any) -> Path:
        return prepared("image", label, [("events", label, events[label])], **parameters)

    def run(directory: Path) -> None:
        if run_unit(directory, lambda: analysis) != 0:
            raise RuntimeError((directory / "out" / "failure.json").read_text(encoding="utf-8"))

    analysis.warm()
    first = next(iter(events))
    run(image(first))  # whatever is still computed once, such as kernels of the maps
    figures = {
        "isgri_image_s": min(cpu_s(partial(run, image(first))) for _ in range(5)),
        "isgri_image_4_bands_s": min(cpu_s(partial(run, image(first, bands=_FOUR_BANDS))) for _ in range(3)),
        "isgri_clean_s": min(_clean_s(events[first]) for _ in range(5)),
    }
    spectra, curves = _extraction(8), _extraction(8, time_bin=10, bands=_FOUR_BANDS)
    made = [("events", first, events[first])]
    figures["isgri_spectra_8_s"] = min(
        cpu_s(partial(run, prepared("spectrum", first, made, **spectra))) for _ in range(3)
    )
    figures["isgri_lc_s"] = min(cpu_s(partial(run, prepared("lc", first, made, **curves))) for _ in range(3))
    figures["isgri_scw_s"] = sum(figures[name] for name in ("isgri_image_4_bands_s", "isgri_spectra_8_s", "isgri_lc_s"))
    figures["isgri_spectra_30_s"] = min(
        cpu_s(partial(run, prepared("spectrum", first, made, **_extraction(30)))) for _ in range(3)
    )
    made = []
    for label in events:
        unit = image(label)
        run(unit)
        made.append(("image", label, unit / "out" / "isgri_sky.fits"))
    mosaic = prepared("mosaic", "job", made)
    figures["isgri_mosaic_50_s"] = cpu_s(lambda: run(mosaic))
    figures["isgri_first_result_s"], figures["isgri_rss_mb"] = fresh_process(
        "services.isgri.analysis", image(first, bands=_FOUR_BANDS)
    )
    return figures


def _clean_s(path: Path) -> float:
    """Return the CPU seconds of one band from events in memory to images: shadowgram, search with catalogue, maps."""
    from science.coded_mask.catalogue import package_catalogue  # noqa: PLC0415
    from services.isgri.analysis.instrument import INSTRUMENT  # noqa: PLC0415
    from services.isgri.analysis.window import analyse_window  # noqa: PLC0415

    spent: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        begin = time.process_time()
        yield
        spent[name] = time.process_time() - begin

    band, threshold = (20.0, 40.0), float(_defaults()["detection_threshold"])
    analyse_window(path, [band], package_catalogue(INSTRUMENT), threshold, burst_search=False, step=step)
    return spent["shadowgram"] + spent["image"] + spent["clean"]


def _defaults() -> dict[str, Any]:
    declared = instrument("isgri").parameters
    return {name: parameter.canonical(name, parameter.default) for name, parameter in declared.items()}


def _extraction(sources: int, **parameters: Any) -> dict[str, Any]:
    """Return parameters with a list of sources: the eight of the archive, and others around them."""
    listed = [{"name": source.name, "ra": source.ra, "dec": source.dec} for source in GALACTIC_CENTRE_SKY]
    for number in range(sources - len(listed)):
        row, column = divmod(number, 5)
        listed.append({"name": f"S{number}", "ra": 258.0 + 3.1 * column, "dec": -37.0 + 3.3 * row})
    return {"catalogue": listed, **parameters}


def _archive(root: Path) -> dict[str, Path]:
    """Simulate the windows; returns the event file of each."""
    scws = write_archive(root, "galactic-centre", scws=_WINDOWS, seed=1)
    files = dict(zip(scws, sorted(root.glob("scw/*/*/isgri_events.fits.gz")), strict=True))
    shutil.rmtree(root / "idx")
    return files
