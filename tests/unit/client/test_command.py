"""The `odamesh` command: exit statuses, clear lines, and a job that survives Ctrl-C."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from astropy.table import Table
from rich.console import Console
from typer.testing import CliRunner, Result

import odamesh
from mesh.contracts import Failure
from mesh.states import FailureKind, JobState, UnitState
from odamesh.command import app
from odamesh.exit_status import MEANINGS, ExitStatus
from odamesh.job_list import job_table, telling_digits
from odamesh.request_options import read_settings
from tests.unit.client.conftest import Service
from tests.unit.gateway.doubles import key_of, stage_product, unit_row

_SCW = "201600270010"


def _run(service: Service, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"ODAMESH_URL": service.url, "COLUMNS": "200"})


def _submit(service: Service, *words: str) -> str:
    result = _run(service, "submit", "isgri", "image", "--scw", _SCW, "--no-watch", *words)
    assert result.exit_code == 0, result.output
    (job_id,) = service.records.views
    assert f"odamesh watch {job_id}" in result.output
    return job_id


def test_submit_translates_the_options(service: Service) -> None:
    words = ["--t1", "2018-10-29T00:00:00", "--t2", "2018-10-30T00:00:00", "--ra", "266.4", "--dec", "-29"]
    words += ["--radius", "10", "--max-pointings", "7", "--band", "20-40", "--band", "40 - 80"]
    words += ["--set", "detection_threshold=7", "--set", "catalogue=none", "--lane", "batch", "--user", "ada"]
    result = _run(service, "submit", "isgri", "isgri_image", "--no-watch", *words)
    assert result.exit_code == 0, result.output
    (analysis,) = service.records.analyses.values()
    assert analysis.parameters["bands"] == [[20.0, 40.0], [40.0, 80.0]]
    assert (analysis.parameters["detection_threshold"], analysis.parameters["catalogue"]) == (7.0, "none")
    assert analysis.selection.max_pointings == 7
    (view,) = service.records.views.values()
    assert (view.user, view.lane.value) == ("ada", "batch")


def test_a_text_that_looks_like_a_number_stays_a_text() -> None:
    types = {"salt": "text", "seconds": "number", "fails": "labels"}
    read = read_settings(["salt=12", "seconds=0.5", 'fails=["a"]', "unknown=x y"], types)
    assert read == {"salt": "12", "seconds": 0.5, "fails": ["a"], "unknown": "x y"}


def test_submit_reads_windows_from_a_file(service: Service, tmp_path: Path) -> None:
    listed = tmp_path / "scws.txt"
    listed.write_text("# the Galactic Centre\n201600280010\n\n201600290010  # the last\n")
    _submit(service, "--scw-file", str(listed))
    (analysis,) = service.records.analyses.values()
    assert analysis.selection.scws == ("201600270010", "201600280010", "201600290010")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["isgri", "image", "--scw", "x"], "selection.scws[0]"),
        (["isgri", "picture", "--scw", _SCW], "no product 'picture'"),
        (["spi", "image", "--scw", _SCW], "no instrument 'spi'"),
        (["isgri", "image", "--scw", _SCW, "--band", "20"], "LOW-HIGH"),
        (["isgri", "image", "--scw", _SCW, "--band", "5-40"], "out of range"),
        (["isgri", "image", "--scw", _SCW, "--set", "bands"], "name=value"),
        (["isgri", "image", "--scw", _SCW, "--set", "energy=5"], "no parameter 'energy'"),
        (["isgri", "image", "--t1", "2018-10-29"], "needs t2"),
        (["isgri", "image", "--scw-file", "/nowhere"], "/nowhere"),
        (
            ["isgri", "image", "--t1", "1", "--t2", "2", "--ra", "nan", "--dec", "0", "--radius", "1"],
            "ra: 'nan' is not an angle",
        ),
        (["isgri", "image", "--scw", _SCW, "--set", "detection_threshold=NaN"], "not a number"),
        (["isgri", "image", "--t1", "soon", "--t2", "later"], "t1: 'soon'"),
        (["isgri", "image", "--ra", "1", "--dec", "2"], "ra and dec need radius as well"),
        (["isgri", "image", "--scw", _SCW, "--catalogue", "/nowhere.csv"], "/nowhere.csv"),
        (["--again", "1234", "--radius", "3"], "--again repeats the whole request"),
        (["isgri", "image"], "either scws"),
        (["isgri"], "product"),
    ],
)
def test_wrong_words_exit_with_2_and_say_what_is_wrong(service: Service, words: list[str], said: str) -> None:
    result = _run(service, "submit", *words)
    assert result.exit_code == 2
    assert said.lower() in result.output.lower()
    assert service.records.views == {}


def test_nobody_there_exits_with_5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odamesh.transport.MOST_ATTEMPTS", 1)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    result = CliRunner().invoke(app, ["jobs", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 5
    assert "is the mesh up" in result.output


def test_watch_follows_to_the_end_and_names_the_products(service: Service) -> None:
    job_id = _submit(service)
    service.records.plan(job_id, [f"{_SCW}.001"])

    def play() -> None:
        while not service.positions:
            time.sleep(0.02)
        for unit in (("image", f"{_SCW}.001"), ("mosaic", "job")):
            service.records.move(job_id, unit_row(*unit, UnitState.DONE))
        service.records.finish(job_id, products=(stage_product("mosaic", "job", {"mosaic.fits": "0"}),))

    thread = threading.Thread(target=play)
    thread.start()
    result = _run(service, "watch", job_id)
    thread.join()
    assert result.exit_code == 0
    assert "2 of 2" in result.output
    assert "mosaic job: mosaic.fits" in result.output
    assert f"odamesh get {job_id}" in result.output


@pytest.mark.parametrize(("state", "status"), [(JobState.ERROR, 1), (JobState.ABORTED, 4)])
def test_the_exit_status_of_watch_tells_failed_from_cancelled(service: Service, state: JobState, status: int) -> None:
    job_id = _submit(service)
    failure = Failure(kind=FailureKind.USAGE, reason="EmptyImageList", text="nothing usable")
    warnings = tuple(f"window {number} has no events" for number in range(30))
    service.records.finish(job_id, state, failure=failure, warnings=warnings)
    result = _run(service, "watch", job_id)
    assert result.exit_code == status
    assert ("EmptyImageList: nothing usable" if state is JobState.ERROR else "was cancelled") in result.output
    assert "window 19 has" in result.output
    assert "10 more warnings" in result.output


_IN_FOREGROUND = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "odamesh"
runpy.run_module("odamesh", run_name="__main__")
"""
"""A shell hands an ignored SIGINT down to what it starts in the background, these tests among it."""


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(service: Service) -> None:
    job_id = _submit(service)
    service.records.plan(job_id, [f"{_SCW}.001"])
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_FOREGROUND, "watch", job_id],
        env={**os.environ, "ODAMESH_URL": service.url},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        while not service.positions and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert f"odamesh watch {job_id}" in output
    assert service.records.views[job_id].state is JobState.EXECUTING
    assert len(service.publisher.sent) == 1


def test_get_saves_the_products(service: Service, tmp_path: Path) -> None:
    job_id = _submit(service)
    early = _run(service, "get", job_id, str(tmp_path))
    assert early.exit_code == 1
    assert "PENDING" in early.output
    content = b"SIMPLE"
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(content).hexdigest()})
    service.products.files[key_of("mosaic", "job"), "mosaic.fits"] = content
    service.records.finish(job_id, products=(product,))
    result = _run(service, "get", job_id, str(tmp_path))
    assert result.exit_code == 0
    assert (tmp_path / "mosaic" / "mosaic.fits").read_bytes() == content
    assert str(tmp_path / "mosaic" / "mosaic.fits") in result.output


def test_what_a_failed_job_made_on_the_way_is_brought_and_the_exit_status_tells(
    service: Service, tmp_path: Path
) -> None:
    job_id = _submit(service)
    product = stage_product("image", f"{_SCW}.001", {"image.fits": hashlib.sha256(b"part").hexdigest()})
    service.products.files[product.key, "image.fits"] = b"part"
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text="isgri_image was not made")
    service.records.finish(job_id, JobState.ERROR, failure=failure, products=(product,))
    watched = _run(service, "watch", job_id)
    assert watched.exit_code == 1
    assert f"odamesh get {job_id}" in watched.output
    brought = _run(service, "get", job_id, str(tmp_path))
    assert brought.exit_code == 1
    assert "EmptyImageList: isgri_image was not made" in brought.output
    assert (tmp_path / "image" / f"{_SCW}.001" / "image.fits").read_bytes() == b"part"


def test_a_partial_job_says_so_and_has_a_status_of_its_own(service: Service, tmp_path: Path) -> None:
    job_id = _submit(service)
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(b"sky").hexdigest()})
    service.products.files[product.key, "mosaic.fits"] = b"sky"
    warnings = ("201600280010.001: NoISGRIEvents: the window has no events",)
    service.records.finish(job_id, products=(product,), partial=True, warnings=warnings)
    for words in (["watch", job_id], ["get", job_id, str(tmp_path)]):
        result = _run(service, *words)
        assert result.exit_code == 3
        assert "partial: some windows gave nothing" in result.output
    assert service.mesh().job(job_id).partial


def test_why_a_job_waits_is_shown(service: Service) -> None:
    job_id = _submit(service)
    waits = "not planned yet: no isgri service has announced itself yet; is it running?"
    service.records._change(job_id, waits=waits)
    assert service.mesh().job(job_id).waits == waits
    assert waits in _run(service, "get", job_id).output

    def end() -> None:
        while not service.positions:
            time.sleep(0.02)
        time.sleep(0.3)
        service.records.finish(job_id, JobState.ABORTED, waits="")

    thread = threading.Thread(target=end)
    thread.start()
    watched = _run(service, "watch", job_id)
    thread.join()
    assert f"({waits})" in watched.output


def test_jobs_and_cancel(service: Service) -> None:
    job_id = _submit(service)
    assert job_id in _run(service, "jobs").output
    assert job_id not in _run(service, "jobs", "--user", "nobody").output
    assert _run(service, "cancel", job_id).exit_code == 0
    assert service.publisher.sent[-1][0] == "cancel.isgri"
    service.records.finish(job_id, JobState.ABORTED)
    again = _run(service, "cancel", job_id)
    assert again.exit_code == 1
    assert "ABORTED" in again.output


def test_jobs_fit_into_80_columns_with_short_ids_reasons_and_counts(service: Service) -> None:
    failed = _submit(service)
    failure = Failure(kind=FailureKind.USAGE, reason="NoScWData", text="the archive lacks it")
    service.records.finish(failed, JobState.ERROR, failure=failure)
    service.records._change(failed, total=0)
    for _ in range(2):
        service.mesh().spectral_fit.models(wait=False)
    waiting = list(service.records.views)[-1]
    service.records._change(waiting, waits="no spectral_fit service is running")
    jobs = service.mesh().jobs()
    output = io.StringIO()
    Console(file=output, width=80).print(job_table(jobs, whole=False))
    lines = output.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = [line for line in lines if failed[:8] in line]
    assert "ERROR" in line
    assert line.rstrip().endswith("NoScWData")
    assert any("no spectral_f" in line and "spectral_fit models" in line for line in lines)
    assert failed not in output.getvalue()


def test_as_many_digits_are_shown_as_tell_jobs_apart() -> None:
    assert telling_digits(["a" * 32, "b" * 32]) == 8
    assert telling_digits(["a" * 32, "a" * 10 + "b" * 22]) == 11


def test_every_command_takes_the_first_digits_of_an_id(service: Service) -> None:
    job_id = _submit(service)
    service.records.plan(job_id, [f"{_SCW}.001"])
    assert _run(service, "cancel", job_id[:8]).exit_code == 0
    service.records.finish(job_id, JobState.ABORTED)
    for words in (["watch"], ["get"], ["delete"]):
        assert job_id in _run(service, *words, job_id[:6]).output


def test_json_everywhere(service: Service, tmp_path: Path) -> None:
    submitted = json.loads(_run(service, "submit", "isgri", "image", "--scw", _SCW, "--no-watch", "--json").output)
    job_id = submitted["job_id"]
    assert submitted["address"] == f"{service.url}/api/v1/jobs/{job_id}"
    assert submitted["link"] == f"{service.url}/r/{submitted['request_key'][:20]}"
    label = f"{_SCW}.001"
    service.records.plan(job_id, [label])
    service.products.logs[key_of("image", label)] = b"text"
    service.records.move(job_id, unit_row("image", label, UnitState.DONE))
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(b"sky").hexdigest()})
    service.products.files[product.key, "mosaic.fits"] = b"sky"
    assert json.loads(_run(service, "log", job_id, "--json").stdout)["log"] == "text"
    assert json.loads(_run(service, "cancel", job_id, "--json").output)["job_id"] == job_id
    service.records.finish(job_id, products=(product,))
    watched = _run(service, "watch", job_id, "--json").output.splitlines()
    assert json.loads(watched[-1])["state"] == "COMPLETED"
    saved = json.loads(_run(service, "get", job_id, str(tmp_path), "--json").output)
    assert saved["files"] == [str(tmp_path / "mosaic" / "mosaic.fits")]
    assert [job["job_id"] for job in json.loads(_run(service, "jobs", "--json").output)] == [job_id]
    assert "isgri" in [one["name"] for one in json.loads(_run(service, "instruments", "--json").output)]
    described = json.loads(_run(service, "describe", "isgri", "image", "--json").output)
    assert described["parameters"]["detection_threshold"]["default"] == 6.0
    assert json.loads(_run(service, "describe", "isgri", "--json").output)["name"] == "isgri"
    assert json.loads(_run(service, "delete", job_id, "--json").output)["job_id"] == job_id


def test_instruments_products_and_parameters_are_described(service: Service) -> None:
    listed = _run(service, "instruments").output
    assert "Mosaic image and catalogue" in listed
    assert "lc" in _run(service, "describe", "spiacs").output
    described = _run(service, "describe", "spiacs", "lc").output
    assert "Allowed:" in described
    unknown = _run(service, "describe", "isgri", "picture")
    assert unknown.exit_code == 1
    assert "it makes: image" in unknown.output
    assert "it has: " in _run(service, "describe", "spi").output


def test_short_names_of_products_do_for_every_instrument(service: Service) -> None:
    words = ["--t1", "2017-08-17T12:30:00", "--t2", "2017-08-17T13:20:00", "--no-watch"]
    assert _run(service, "submit", "spiacs", "lc", *words).exit_code == 0
    assert _run(service, "submit", "spiacs", "search", *words).exit_code == 0
    assert {analysis.product for analysis in service.records.analyses.values()} == {"spi_acs_lc", "spi_acs_search"}


def test_times_and_positions_in_every_form(service: Service) -> None:
    words = ["--t1", "MJD 58420", "--t2", "2018-10-30T02:00:00+02:00", "--ra", "17:45:36", "--dec=-29:30:00"]
    result = _run(service, "submit", "isgri", "image", *words, "--radius", "600 arcmin", "--no-watch")
    assert result.exit_code == 0, result.output
    (analysis,) = service.records.analyses.values()
    assert analysis.selection.time is not None
    assert (analysis.selection.time.t1, analysis.selection.time.t2) == ("2018-10-29T00:00:00", "2018-10-30T00:00:00")
    assert analysis.selection.cone is not None
    assert (analysis.selection.cone.ra, analysis.selection.cone.dec) == pytest.approx((266.4, -29.5))


@pytest.mark.parametrize("kind", ["csv", "json", "fits"])
def test_a_catalogue_comes_from_a_file(service: Service, tmp_path: Path, kind: str) -> None:
    sources = Table(rows=[{"src_names": "GX 1+4", "ra": 263.0, "dec": -24.75}])
    file = tmp_path / f"sources.{kind}"
    if kind == "fits":
        sources.write(file)
    elif kind == "csv":
        file.write_text("# known ones\nname, ra, dec\nGX 1+4, 17:32:00, -24:45:00\n")
    else:
        file.write_text('[{"name": "GX 1+4", "ra": 263.0, "dec": -24.75}]')
    result = _run(service, "submit", "isgri", "image", "--scw", _SCW, "--no-watch", "--catalogue", str(file))
    assert result.exit_code == 0, result.output
    (analysis,) = service.records.analyses.values()
    (source,) = analysis.parameters["catalogue"]
    assert (source["name"], source["ra"], source["dec"]) == ("GX 1+4", pytest.approx(263.0), -24.75)


def test_a_dry_run_shows_the_whole_request_and_submits_nothing(service: Service) -> None:
    result = _run(service, "submit", "isgri", "image", "--scw", _SCW, "--band", "20-40", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "parameters.bands = [[20.0, 40.0]]" in result.output
    assert "parameters.detection_threshold = 6.0" in result.output
    assert service.records.views == {}
    assert _run(service, "submit", "isgri", "image", "--scw", "x", "--dry-run").exit_code == 2


def test_the_log_of_what_failed_is_shown_where_no_window_is_named(service: Service) -> None:
    job_id = _submit(service)
    assert "has begun" in _run(service, "log", job_id).output
    labels = [f"{_SCW}.001", "201600280010.001"]
    service.records.plan(job_id, labels)
    for label, state in zip(labels, (UnitState.DONE, UnitState.FAILED), strict=True):
        service.records.move(job_id, unit_row("image", label, state))
        service.products.logs[key_of("image", label)] = f"log of {label}".encode()
    result = _run(service, "log", job_id)
    assert result.exit_code == 0
    assert "image 201600280010.001, failed:" in result.output
    assert "log of 201600280010.001" in result.output


def test_get_refuses_to_overwrite_another_job_unless_told_to(service: Service, tmp_path: Path) -> None:
    (tmp_path / "mosaic").mkdir()
    (tmp_path / "mosaic" / "mosaic.fits").write_bytes(b"of another job")
    job_id = _submit(service)
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(b"sky").hexdigest()})
    service.products.files[product.key, "mosaic.fits"] = b"sky"
    service.records.finish(job_id, products=(product,))
    refused = _run(service, "get", job_id, str(tmp_path))
    assert refused.exit_code == 2
    assert "something else is there already" in refused.output
    assert (tmp_path / "mosaic" / "mosaic.fits").read_bytes() == b"of another job"
    assert _run(service, "get", job_id, str(tmp_path), "--overwrite").exit_code == 0


def test_a_failure_is_said_once(service: Service) -> None:
    job_id = _submit(service)
    sentence = "stage mosaic: EmptyImageList: no window gave an image"
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text=f"isgri_image was not made: {sentence}")
    service.records.finish(job_id, JobState.ERROR, failure=failure, warnings=(sentence,), warnings_total=1)
    output = _run(service, "watch", job_id).output
    assert output.count("no window gave an image") == 1
    assert "more warnings" not in output


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.output == f"odamesh {odamesh.__version__}\n"


def test_help_tells_the_exit_statuses_and_has_one_style() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    for status, meaning in MEANINGS.items():
        assert f"{status.value} {meaning}" in text
    assert set(MEANINGS) == set(ExitStatus)
    narrow = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output
    assert not [line for line in narrow.splitlines() if line.endswith("...") and "Usage" not in line]
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        helps = [command.help or "", *(getattr(entry, "help", None) or "" for entry in command.params)]
        for sentence in helps if not command.hidden else helps[:1]:
            first = sentence.partition("\n")[0].strip()
            assert first[:1].isupper(), f"{name}: {first!r}"
            assert first.endswith("."), f"{name}: {first!r}"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("odamesh submit is", "isgri"),
        ("odamesh submit spiacs ", "search"),
        ("odamesh submit isgri image --set dete", "detection_threshold="),
        ("odamesh describe pol", "polar"),
    ],
)
def test_the_shell_completes_instruments_products_and_parameters(
    service: Service, monkeypatch: pytest.MonkeyPatch, words: str, offered: str
) -> None:
    monkeypatch.setattr("odamesh.completion._PATIENCE_SECONDS", 30.0)  # a loaded machine is no silent mesh
    assert offered in _complete(service, words)


def test_the_shell_completes_jobs_and_is_silent_where_nobody_answers(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("odamesh.completion._PATIENCE_SECONDS", 30.0)  # a loaded machine is no silent mesh
    job_id = _submit(service)
    assert job_id[:8] in _complete(service, "odamesh watch ")
    assert job_id in _complete(service, f"odamesh get {job_id[:10]}")
    assert _complete(service, "odamesh watch ", url="http://127.0.0.1:9").strip() == ""


def _complete(service: Service, words: str, url: str | None = None) -> str:
    env = {"ODAMESH_URL": url or service.url, "_ODAMESH_COMPLETE": "complete_bash", "COMP_WORDS": words}
    env["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    return CliRunner().invoke(app, [], prog_name="odamesh", env=env).output


def test_a_missing_part_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "infra.commands.archive", None)
    result = CliRunner().invoke(app, ["archive", "index", "."])
    assert result.exit_code == 1
    assert "pip install 'odamesh-mesh[science]'" in result.output


def test_parts_have_their_own_help() -> None:
    result = CliRunner().invoke(app, ["archive", "--help"])
    assert result.exit_code == 0
    assert "simulate" in result.output


def test_the_log_of_a_window_is_shown_and_followed(service: Service) -> None:
    job_id = _submit(service)
    label = f"{_SCW}.001"
    service.records.plan(job_id, [label])
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text="nothing usable")
    service.products.logs[key_of("image", label)] = b"[bold]one[/bold]\ntwo"
    service.records.move(job_id, unit_row("image", label, UnitState.RUNNING, step="gti"))

    def end() -> None:
        while not service.publisher.broadcasts:
            time.sleep(0.02)
        service.records.move(job_id, unit_row("image", label, UnitState.FAILED, step="gti", failure=failure))

    thread = threading.Thread(target=end)
    thread.start()
    followed = _run(service, "log", job_id, _SCW, "--follow")
    thread.join()
    assert followed.exit_code == 0, followed.output
    assert followed.output.splitlines() == [
        "[running, gti]",
        "[failed, gti]",
        "[bold]one[/bold]",
        "two",
        "[failed: EmptyImageList: nothing usable]",
    ]
    assert _run(service, "log", job_id, _SCW).output == "[bold]one[/bold]\ntwo"
    assert _run(service, "log", job_id, "201699990010").exit_code == 1


def test_resolve_tells_the_position_of_a_source(service: Service) -> None:
    result = _run(service, "resolve", "Cygnus X-1")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Cyg X-1, also ")
    assert "RA 299.59" in result.output
    assert json.loads(_run(service, "resolve", "Crab", "--json").output)["name"] == "Crab"
    assert _run(service, "resolve", "Cyg X").exit_code == ExitStatus.USAGE
    assert _run(service, "resolve", "nobody").exit_code == ExitStatus.FAILED


def test_time_tells_every_form(service: Service) -> None:
    result = _run(service, "time", "MJD 57982.528523495")
    assert result.exit_code == 0, result.output
    assert "ijd  6438.529324236" in result.output
    assert "this mesh has no archive" in result.output
    assert json.loads(_run(service, "time", "57982.5", "--format", "mjd", "--scale", "tt", "--json").output)["ijd"] == (
        6438.5
    )
    assert _run(service, "time", "yesterday").exit_code == ExitStatus.USAGE
