"""The warm server as a process of its own: units in forks, their endings told apart, nothing left behind."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .conftest import MakeUnit

_ROOT = Path(__file__).resolve().parents[3]


def _environment(folder: Path, analysis: str) -> dict[str, str]:
    search = os.pathsep.join(map(str, (_ROOT, folder)))
    return {**os.environ, "ODAMESH_ANALYSIS": analysis, "PYTHONPATH": search}


@contextmanager
def _server(
    directory: Path, *options: str, analysis: str = "mesh.testing.noop.analysis"
) -> Iterator[tuple["subprocess.Popen[bytes]", socket.socket]]:
    path = directory / "s"
    command = [sys.executable, "-m", "mesh.kit.warm", str(path), *options]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(30)
        listener.bind(str(path))
        listener.listen(1)
        process = subprocess.Popen(command, env=_environment(directory, analysis))
        try:
            connection, _ = listener.accept()
            with connection:
                yield process, connection
        finally:
            process.kill()
            process.wait()


def _ask(connection: socket.socket, directory: Path, **limits: float) -> dict[str, Any]:
    _tell(connection, {"directory": str(directory), "limits": limits})
    with connection.makefile("r") as answers:
        answer: dict[str, Any] = json.loads(answers.readline())
    return answer


def _again(directory: Path, **parameters: object) -> Path:
    content = json.loads((directory / "unit.json").read_text())
    (directory / "unit.json").write_text(json.dumps({**content, "parameters": parameters}))
    for path in (directory / "out").iterdir():
        path.unlink()
    return directory


def test_units_run_one_after_the_other_in_forks(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path) as (process, connection):
        for salt in ("a", "b"):
            answer = _ask(connection, _again(directory, salt=salt))
            assert (answer["status"], answer["recycle"]) == (0, False)
            assert json.loads((directory / "out" / "noop.json").read_text())["salt"] == salt
            assert answer["peak_rss_mb"] > 1
        assert process.poll() is None


def test_endings_are_told_apart_and_a_signal_recycles(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path) as (process, connection):
        assert _ask(connection, _again(directory, behaviour="usage"))["status"] == 64
        assert _ask(connection, _again(directory, behaviour="science"))["status"] == 10
        assert _ask(connection, _again(directory, behaviour="transient"))["status"] == 75
        assert _ask(connection, _again(directory, behaviour="memory"), memory_mb=200)["status"] == 71
        crash = _ask(connection, _again(directory, behaviour="crash"))
        assert (crash["status"], crash["signal"], crash["recycle"]) == (None, 11, True)
        assert process.wait(timeout=30) == 0


def test_a_file_above_the_limit_is_refused(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path) as (_, connection):
        assert _ask(connection, _again(directory, behaviour="disk"), file_mb=0.5)["status"] == 10
        assert json.loads((directory / "out" / "failure.json").read_text())["reason"] == "OutputTooLarge"


def test_the_server_ends_after_its_number_of_units(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path, "--units", "2") as (process, connection):
        assert _ask(connection, _again(directory))["recycle"] is False
        assert _ask(connection, _again(directory))["recycle"] is True
        assert process.wait(timeout=30) == 0


def test_processes_that_outlive_their_unit_are_ended(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path) as (process, connection):
        answer = _ask(connection, _again(directory, behaviour="forks"))
        assert answer["status"] == 10
        # The 200 sleepers inherited the command line of the server; the kernel takes a moment to end them.
        _wait_until(lambda: _with_argument(str(tmp_path)) == [str(process.pid)])


def _with_argument(text: str) -> list[str]:
    return [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if _has(path, text)]


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _has(path: Path, text: str) -> bool:
    try:
        return text.encode() in path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_server_and_its_unit_end_when_the_owner_hangs_up(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={"behaviour": "hang"})
    with _server(tmp_path) as (process, connection):
        _tell(connection, {"directory": str(directory), "limits": {}})
        _wait_until(lambda: "work" in _read(directory / "out" / "steps.jsonl"))
        connection.close()
        assert process.wait(timeout=30) == 0
        _wait_until(lambda: _with_argument(str(tmp_path)) == [])


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _write_talker(folder: Path) -> None:
    (folder / "talker.py").write_text(
        "def talk(unit):\n"
        "    print('hello from the unit')\n"
        "    raise ValueError('and broke')\n"
        "STAGES = {'window': talk}\n"
    )


def test_what_a_unit_prints_comes_back(make_unit: MakeUnit, tmp_path: Path) -> None:
    _write_talker(tmp_path)
    with _server(tmp_path, analysis="talker") as (_, connection):
        answer = _ask(connection, make_unit())
    assert answer["status"] == 10
    assert "hello from the unit" in answer["log"]
    assert "ValueError: and broke" in answer["log"]


def test_one_unit_can_run_without_a_server(make_unit: MakeUnit, tmp_path: Path) -> None:
    _write_talker(tmp_path)
    directory = make_unit()
    command = [sys.executable, "-m", "mesh.kit.run", str(directory), "--die-with-parent", "--limits", '{"file_mb": 1}']
    ended = subprocess.run(command, env=_environment(tmp_path, "talker"), capture_output=True, check=False)
    assert ended.returncode == 10
    assert "hello from the unit" in ended.stdout.decode()
    assert json.loads((directory / "out" / "failure.json").read_text())["reason"] == "AnalysisCrashed"


def test_the_log_can_be_read_while_the_unit_runs_and_after_it_was_killed(make_unit: MakeUnit, tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import time\n"
        "def sleep(unit):\n"
        "    print('half-way', flush=True)\n"
        "    with unit.step('work'):\n"
        "        time.sleep(600)\n"
        "STAGES = {'window': sleep}\n"
    )
    directory = make_unit()
    with _server(tmp_path, analysis="sleeper") as (process, connection), connection.makefile("r") as answers:
        _tell(connection, {"directory": str(directory)})
        _wait_until(lambda: "work" in _read(directory / "out" / "steps.jsonl"))
        for known, part in ((0, "half-way\nwork\n"), (5, "way\nwork\n"), (14, "")):
            _tell(connection, {"log": known})
            assert json.loads(answers.readline()) == {"log_from": known, "log_part": part}
        _tell(connection, {"kill": True})
        answer = json.loads(answers.readline())
        assert (answer["signal"], answer["recycle"]) == (9, True)
        assert "half-way" in answer["log"]
        assert process.wait(timeout=30) == 0


def test_wishes_that_come_in_one_piece_are_all_heard(make_unit: MakeUnit, tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text("import time\nSTAGES = {'window': lambda unit: time.sleep(600)}\n")
    lines = [{"directory": str(make_unit())}, {"log": 0}, {"kill": True}]
    with _server(tmp_path, analysis="sleeper") as (_, connection), connection.makefile("r") as answers:
        connection.sendall(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        assert json.loads(answers.readline())["log_from"] == 0
        assert json.loads(answers.readline())["signal"] == 9


def test_a_wish_that_comes_too_late_harms_nobody(make_unit: MakeUnit, tmp_path: Path) -> None:
    directory = make_unit(parameters={})
    with _server(tmp_path) as (_, connection):
        assert _ask(connection, directory)["status"] == 0
        _tell(connection, {"log": 0})
        _tell(connection, {"kill": True})
        assert _ask(connection, _again(directory))["status"] == 0


def test_a_unit_cannot_answer_in_the_name_of_its_container(make_unit: MakeUnit, tmp_path: Path) -> None:
    (tmp_path / "forger.py").write_text(
        "import os, stat\n"
        "def forge(unit):\n"
        "    for number in range(3, 200):\n"
        "        try:\n"
        "            if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "                os.write(number, b'{\"status\": 0}\\n')\n"
        "        except OSError:\n"
        "            pass\n"
        "    raise ValueError('no product')\n"
        "STAGES = {'window': forge}\n"
    )
    with _server(tmp_path, analysis="forger") as (_, connection):
        assert _ask(connection, make_unit())["status"] == 10


def _tell(connection: socket.socket, content: dict[str, Any]) -> None:
    connection.sendall(json.dumps(content).encode() + b"\n")
