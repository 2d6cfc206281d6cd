"""Speed and memory of the JEM-X analysis: one unit, one window of 2 ks with seven sources."""

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from mesh.instruments import instrument
from mesh.testing.archive.pointing import Pointing
from services.jemx.simulator import SkySource, simulate_window
from tests.bench.fresh_process import fresh_process
from tests.bench.one_core import cpu_s
from tests.unit_directory import unit_directory

_LABEL = "201600270010.001"
_FIELD = ((0.1, 0.2, 1000.0), (1.3, -0.8, 200.0), (-1.9, 1.1, 100.0), (0.4, 2.3, 100.0))
_FAINT = ((-0.7, -1.6, 50.0), (2.0, 1.7, 300.0), (-1.2, -2.4, 200.0))


def measure() -> dict[str, float]:
    """Measure S-5: search and fit of seven sources in one unit, and the same from events to products."""
    with tempfile.TemporaryDirectory() as root:
        return _measure(Path(root))


def _measure(root: Path) -> dict[str, float]:
    from mesh.kit.analysis import Analysis, run_unit  # noqa: PLC0415
    from science.coded_mask.field import Field  # noqa: PLC0415
    from science.coded_mask.fit import ShadowgramFit  # noqa: PLC0415
    from science.coded_mask.search import Candidates, find_sources  # noqa: PLC0415
    from services.jemx.analysis import STAGES, warm  # noqa: PLC0415
    from services.jemx.analysis.events import read_events  # noqa: PLC0415
    from services.jemx.analysis.exposed import expose  # noqa: PLC0415
    from services.jemx.analysis.shadowgram import shadowgrams  # noqa: PLC0415

    pointing = Pointing(_LABEL, 83.6, 22.0, 173.6, 0.0, 6876.0)
    sky = [SkySource(f"S{n}", 83.6 + a, 22.0 + d, flux) for n, (a, d, flux) in enumerate((*_FIELD, *_FAINT))]
    simulate_window(root / "events", pointing, sky, seed=1)
    files = {unit: root / "events" / f"jmx{unit}_events.fits.gz" for unit in (1, 2)}
    analysis = Analysis(stages=STAGES, warm=warm)
    analysis.warm()
    units = iter(range(1000))

    def prepared(stage: str, **parameters: Any) -> Path:
        declared = instrument("jemx").stage_parameters(stage, _defaults() | {"jemx_num": "1"} | parameters)
        return unit_directory(root / str(next(units)), stage, _LABEL, declared, [("events", _LABEL, files[1])])

    def run(directory: Path) -> None:
        if run_unit(directory, lambda: analysis) != 0:
            raise RuntimeError((directory / "out" / "failure.json").read_text(encoding="utf-8"))

    data = shadowgrams(expose(read_events(files[1], 1)), [(3.0, 20.0)])[0]

    def search() -> None:
        field = Field([ShadowgramFit(data, data.camera.templates())])
        find_sources(field, Candidates([]), 6.5)
        if len(field.sources) != len(sky):
            raise RuntimeError(f"{len(field.sources)} of {len(sky)} sources found")

    search()
    run(prepared("image"))
    listed = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in sky]
    run(prepared("spectrum", catalogue=listed))
    figures = {
        "jemx_scw_s": cpu_s(search, repeats=5),
        "jemx_image_s": min(cpu_s(partial(run, prepared("image"))) for _ in range(3)),
        "jemx_spectrum_s": min(cpu_s(partial(run, prepared("spectrum", catalogue=listed))) for _ in range(3)),
    }
    first = prepared("spectrum", catalogue=listed)
    figures["jemx_first_result_s"], figures["jemx_rss_mb"] = fresh_process("services.jemx.analysis", first)
    made = json.loads((first / "out" / "manifest.json").read_text(encoding="utf-8"))
    if len(made["summary"]["jmx1"]["sources"]) != len(sky):
        raise RuntimeError("not all spectra were made")
    return figures


def _defaults() -> dict[str, Any]:
    declared = instrument("jemx").parameters
    return {name: parameter.canonical(name, parameter.default) for name, parameter in declared.items()}
