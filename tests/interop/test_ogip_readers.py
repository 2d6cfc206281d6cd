"""In the image of the fits: HEASOFT's own reader (heasp), Sherpa's statistics, and tables of XSPEC's models."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesh.errors import EngineUnavailable
from mesh.instruments import instrument
from mesh.runner.choose import with_own_image
from mesh.runner.engine import connect, image_id
from mesh.settings import Settings, SettingsError
from services.spectral_fit.analysis.spectrum import spectra_in
from services.spectral_fit.analysis.statistics import cstat, wstat
from tests.unit.spectral_fit.written import CHANNELS, RATE, counted, response, spectrum

# The structures of Cheasp.h, as far as they are looked at.
_SESSION = """
import ctypes, json, logging, sys
import numpy as np
import xspectrampoline, xspectrampoline_helpers as helpers
L, F, I = ctypes.c_long, ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_int)
class PHA(ctypes.Structure):
    _fields_ = [("channels", L), ("first", L), ("pha", F), ("error", F), ("systematic", F), ("quality", I),
                ("grouping", I), ("channel", I), ("area", F), ("back", F), ("exposure", ctypes.c_float),
                ("correction", ctypes.c_float), ("detchans", ctypes.c_int), ("poisson", ctypes.c_int),
                ("rest", ctypes.c_char * 65536)]
library = ctypes.CDLL(f"{helpers._headas_path}/lib/libhdsp_6.35.so", mode=ctypes.RTLD_GLOBAL)
logging.getLogger("sherpa").setLevel(logging.ERROR)
from sherpa.astro.data import DataPHA
from sherpa.models.basic import Const1D
from sherpa.stats import CStat, WStat
told = {}
for name in sys.argv[1:]:
    one = PHA()
    status = library.ReadPHAtypeI(name.encode(), ctypes.c_long(1), ctypes.byref(one))
    n = one.channels if status == 0 else 0
    told[name] = {"status": status, "exposure": one.exposure} | {
        key: [float(getattr(one, key)[i]) for i in range(n)] for key in ("pha", "error", "channel", "area", "back")
    }
counts, behind = np.arange(12) + 30, np.arange(12) + 5
data = DataPHA("a", np.arange(1, 13), counts, exposure=1000.0, backscal=1.0)
model = Const1D("level"); model.c0 = 28.0
told["cstat"] = float(CStat().calc_stat(data, model)[0])
below = DataPHA("b", np.arange(1, 13), behind, exposure=1000.0, backscal=4.0)
data.set_background(below)
told["wstat"] = float(WStat().calc_stat(data, model)[0])
print(json.dumps(told))
"""


@pytest.fixture(scope="module", name="engine")
def _engine() -> Any:
    image = with_own_image(Settings(), instrument("spectral_fit")).image
    try:
        client = connect(Settings().engine_address())
        image_id(client, image)
    except (EngineUnavailable, SettingsError) as error:
        pytest.skip(f"no engine, or no image of the fits: {error}; run `odamesh stack up`")
    return client, image.tag


_TABLES = "/opt/odamesh/services/spectral_fit/analysis/data/model_data"
_LAOR = """
import os
import numpy as np
from services.spectral_fit.analysis.model_library import evaluate, models, tables_given
from services.spectral_fit.analysis.unavailable import unavailable
entry = models()["laor"]
child = os.fork()
if child == 0:
    evaluate(entry, np.geomspace(1.0, 100.0, 50), np.array([one.value for one in entry.parameters]))
os.waitpid(child, 0)
print("given:", tables_given(), "laor refused:", "laor" in unavailable())
"""


@pytest.mark.timeout(600)
def test_tables_of_models_are_looked_for_where_the_operator_puts_them(engine: Any, tmp_path: Path) -> None:
    (tmp_path / "ari.mod").write_text("no table", encoding="utf-8")
    tmp_path.chmod(0o755)
    client, tag = engine
    told = client.containers.run(
        tag,
        entrypoint=["python3.11", "-c", _LAOR],
        command=[],
        volumes={str(tmp_path): {"bind": _TABLES, "mode": "ro"}},
        environment={"HOME": "/tmp", "MPLCONFIGDIR": "/tmp"},
        network_disabled=True,
        remove=True,
        stderr=True,
    ).decode()
    assert f"{_TABLES}/ari.mod" in told  # the file of the real library, for this model
    assert "given: True laor refused: True" in told  # what is there is none


def _session(engine: Any, folder: Path, *names: str) -> dict[str, Any]:
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    client, tag = engine
    told = client.containers.run(
        tag,
        entrypoint=["python3.11", "-c", _SESSION],
        command=list(names),
        volumes={str(folder): {"bind": "/data", "mode": "ro"}},
        working_dir="/data",
        environment={"HOME": "/tmp", "MPLCONFIGDIR": "/tmp"},
        network_disabled=True,
        remove=True,
    )
    found: dict[str, Any] = json.loads(told.decode().strip().splitlines()[-1])
    return found


def test_heasoft_reads_the_same_numbers(engine: Any, tmp_path: Path) -> None:
    scale = np.linspace(0.5, 2.0, CHANNELS)
    spectrum(tmp_path / "rates.pha")
    spectrum(tmp_path / "column.pha", {"AREASCAL": scale, "BACKSCAL": scale * 3})
    spectrum(tmp_path / "keyword.pha", AREASCAL=0.25, BACKSCAL=4.0)
    spectrum(tmp_path / "down.pha", {"CHANNEL": np.arange(CHANNELS, 0, -1), "RATE": RATE[::-1]})
    counted(tmp_path / "counts.pha", np.arange(CHANNELS) + 30)
    names = [path.name for path in sorted(tmp_path.glob("*.pha"))]
    told = _session(engine, tmp_path, *names)
    files = response(tmp_path)
    for name in names:
        theirs, [ours] = told[name], spectra_in([tmp_path / name, *files], "", given=True)
        assert theirs["status"] == 0
        assert theirs["exposure"] == ours.counts.exposure_s
        order = np.argsort(theirs["channel"])
        seconds = ours.counts.exposure_s if name == "counts.pha" else 1.0
        for key, values in (
            ("pha", ours.counts.rate * seconds),
            ("area", ours.counts.area_scale),
            ("back", ours.counts.back_scale),
        ):
            np.testing.assert_allclose(np.array(theirs[key])[order], values, rtol=1e-6, err_msg=f"{name} {key}")


def test_sherpa_has_the_same_statistics(engine: Any, tmp_path: Path) -> None:
    told = _session(engine, tmp_path)
    counts, behind, model = np.arange(12.0) + 30, np.arange(12.0) + 5, np.full(12, 28.0)
    assert np.sum(cstat(counts, model) ** 2) == pytest.approx(told["cstat"], rel=1e-6)
    assert np.sum(wstat(counts, behind, np.full(12, 0.25), model) ** 2) == pytest.approx(told["wstat"], rel=1e-6)
