"""The command of oda_api, as people type it: products, states and tokens."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from odamesh import Mesh
from tests.fuzz.served import served
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.unit.gateway.guarded import SECRET, Guarded, web_token

_COMMAND = Path(sys.executable).parent / "oda-api"


def _typed(folder: Path, *words: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
    """Type a command in a folder of its own, as somebody without tokens but the one given."""
    own = {"HOME": str(folder), "MPLBACKEND": "Agg"} | ({} if token is None else {"ODA_TOKEN": token})
    left = {name: value for name, value in os.environ.items() if name not in {"ODA_TOKEN", *own}}
    return subprocess.run(
        [_COMMAND, *words], cwd=folder, env=left | own, capture_output=True, text=True, check=False, timeout=240
    )


def _said(folder: Path, *words: str, token: str | None = None) -> str:
    done = _typed(folder, *words, token=token)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def url(mesh: Mesh) -> str:
    assert mesh is not None
    return f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}"


def _got(folder: Path, url: str, instrument: str, product: str, **asked: str) -> str:
    arguments = [word for name, value in asked.items() for word in ("-a", f"{name}={value}")]
    return _said(folder, "-u", url, "get", "-i", instrument, "-p", product, *arguments)


@pytest.mark.long
def test_get_lists_describes_and_brings_products_that_can_be_inspected(url: str, tmp_path: Path) -> None:
    assert "spi_acs" in _said(tmp_path, "-u", url, "get")
    assert "isgri_lc_query" in _said(tmp_path, "-u", url, "get", "-i", "isgri")
    windows = ",".join(f"{scw}.001" for scw in GALACTIC_CENTRE)
    said = _got(tmp_path, url, "isgri", "isgri_lc", scw_list=windows, E1_keV="20", E2_keV="40", time_bin="100")
    assert "4U1700m377" in said
    _said(tmp_path, "-u", url, "inspect")
    state = json.loads((tmp_path / "dispatcher-state.json").read_text())
    assert any(record["request_completed"] for record in state["records"])
    job_id = state["records"][0]["job_id"]
    assert f"job_id: {job_id}" in _said(tmp_path, "-u", url, "inspect", "-j", job_id, "--group-by-job")


@pytest.mark.long
@pytest.mark.usefixtures("bursts")
def test_get_leaves_a_plot_of_a_light_curve(url: str, tmp_path: Path) -> None:
    """Of one source: of several the command tells the name of a plot that it does not write."""
    span = {"T1": "2017-08-17T12:50:00", "T2": "2017-08-17T12:55:00"}
    said = _got(tmp_path, url, "spi_acs", "spi_acs_lc", time_bin="0.5", **span)
    (plot,) = re.findall(r"can be parsed as [^\n]*OdaLightCurve[^\n]*\n.*?plotted as (\S+)", said, re.DOTALL)
    assert (tmp_path / plot).stat().st_size > 1000


@pytest.mark.long
def test_a_wrong_value_is_told(url: str, tmp_path: Path) -> None:
    done = _typed(tmp_path, "-u", url, "get", "-i", "isgri", "-p", "isgri_lc", "-a", "E1_keV=1")
    assert done.returncode != 0
    assert "energy range is restricted to 15" in done.stderr


@pytest.mark.long
def test_tokens_that_the_command_changes_count(tmp_path: Path) -> None:
    guarded = Guarded()
    old = web_token(email="ada@unige.ch", exp=int(time.time()) + 600)
    with served(guarded.app) as port:
        # Without an address the command asks for a list of sites, whatever it is to do.
        url = ("-u", f"http://127.0.0.1:{port}")
        assert "ada@unige.ch" in _said(tmp_path, *url, "token", "-s", SECRET, "inspect", token=old)
        change = ("modify", "--disable-email", "--new-validity-hours", "2")
        said = _said(tmp_path, *url, "token", "-s", SECRET, *change, token=old)
        (new,) = re.findall(r"new token \(secret!\): (\S+)", said)
        assert new != old
        _said(tmp_path, *url, "inspect", token=new)
        assert json.loads((tmp_path / "dispatcher-state.json").read_text()) == {"records": []}
        assert "A token must be provided" in _typed(tmp_path, *url, "inspect").stderr
        assert _typed(tmp_path, *url, "inspect", token=web_token("x" * 40)).returncode != 0
