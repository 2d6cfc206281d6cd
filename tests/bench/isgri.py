"""Speed and memory of the ISGRI analysis: simulated windows of 2 ks with eight sources, files in, products out."""

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from mesh.instrument import instrument
from services.isgri.simulator.scenarios import write_archive
from tests.bench.one_core import cpu_s
from tests.bench.unit_directory import fresh_process, unit_directory

_SOURCES = ("services/coded_mask", "services/isgri/analysis")
_WINDOWS = 50
_FOUR_BANDS = [[20, 40], [40, 60], [60, 100], [100, 200]]


def measure() -> dict[str, float]:
    """Measure S-2, S-3 and S-6."""
    sys.path[:0] = _SOURCES
    with tempfile.TemporaryDirectory() as root:
        return _measure(Path(root))


def _measure(root: Path) -> dict[str, float]:
    from isgri_analysis import STAGES, warm  # noqa: PLC0415

    from mesh.kit.analysis import Analysis, run_unit  # noqa: PLC0415

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
    }
    made = []
    for label in events:
        unit = image(label)
        run(unit)
        made.append(("image", label, unit / "out" / "isgri_sky.fits"))
    mosaic = prepared("mosaic", "job", made)
    figures["isgri_mosaic_50_s"] = cpu_s(lambda: run(mosaic))
    figures["isgri_first_result_s"], figures["isgri_rss_mb"] = fresh_process(
        "isgri_analysis", _SOURCES, image(first, bands=_FOUR_BANDS)
    )
    return figures


def _defaults() -> dict[str, Any]:
    declared = instrument("isgri").parameters
    return {name: parameter.canonical(name, parameter.default) for name, parameter in declared.items()}


def _archive(root: Path) -> dict[str, Path]:
    """Simulate the windows; returns the event file of each."""
    scws = write_archive(root, "galactic-centre", scws=_WINDOWS, seed=1)
    files = dict(zip(scws, sorted(root.glob("scw/*/*/isgri_events.fits.gz")), strict=True))
    shutil.rmtree(root / "idx")
    return files
