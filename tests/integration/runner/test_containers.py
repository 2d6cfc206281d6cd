"""What holds for containers: the sandbox, adoption by name, the reaper, and warm slots that are kept or replaced."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mesh.errors import EngineUnavailable, ScienceFailure
from mesh.instrument import Instrument
from mesh.runner.docker import container_name
from mesh.runner.engine import Labels
from mesh.runner.protocol import Work
from mesh.runner.sandbox import sandbox
from mesh.runner.workspace import Workspace

from .conftest import MakeRunner, MakeWork, engine_address, run, wait_until

_PROBE = """
import json, os, socket, pathlib
def tries(action):
    try:
        action()
    except OSError as error:
        return error.strerror
    return "allowed"
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
print(json.dumps({
    "uid": os.getuid(),
    "capabilities": status["CapEff"].strip(),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "root": tries(lambda: pathlib.Path("/opt/x").write_text("x")),
    "shm": tries(lambda: pathlib.Path("/dev/shm/x").write_text("x")),
    "tmp": tries(lambda: pathlib.Path("/tmp/x").write_text("x")),
    "tmp_flags": [line.split()[3] for line in open("/proc/mounts") if line.split()[1] == "/tmp"],
    "hostname": socket.gethostname(),
}))
"""


def test_the_sandbox_confines(engine: Any, noop: Instrument) -> None:
    container = engine.containers.create(noop.image.tag, command=["python", "-c", _PROBE], **sandbox(noop.limits))
    try:
        container.start()
        assert container.wait()["StatusCode"] == 0, container.logs().decode()
        told = json.loads(container.logs())
    finally:
        container.remove(force=True)
    assert told["uid"] == 65534
    assert int(told["capabilities"], 16) == 0
    assert (told["no_new_privileges"], told["seccomp"]) == ("1", "2")
    assert told["interfaces"] == ["lo"]
    assert told["root"] == "Read-only file system"
    assert told["shm"] != "allowed"
    assert told["tmp"] == "allowed"
    assert {"noexec", "nosuid", "nodev"} <= set(told["tmp_flags"][0].split(","))
    assert told["hostname"] == "odamesh"


@pytest.mark.parametrize("kind", ["docker", "warm"])
def test_a_fork_bomb_stops_at_the_limit(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    for _ in range(2):
        # Twice in the same warm container: what the first left behind would count against the second.
        with pytest.raises(ScienceFailure) as caught:
            run(runner, make_work(runner, behaviour="forks"))
        assert caught.value.reason == "ProcessLimit"
    run(runner, make_work(runner))


_OWNER = """
import json, sys
from pathlib import Path
from mesh.instrument import Instrument
from mesh.runner.directory import UnitDirectory
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect
from mesh.runner.protocol import Work
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace
told = json.loads(sys.argv[1])
instrument = Instrument.model_validate(told["instrument"])
workspace = Workspace(Path(told["work"]))
client = connect(told["engine"])
runner = DockerRunner(client, instrument, told["owner"], workspace)
if told["kind"] == "warm":
    runner = WarmRunner(client, instrument, told["owner"], workspace, runner)
work = Work(told["key"], UnitDirectory(Path(told["directory"])), instrument.limits)
runner.run(work, lambda step: None)
"""


def _run_and_die(kind: str, work: Work, owner: str, noop: Instrument) -> None:
    """Run a unit in a process of its own that is killed while the unit works."""
    told = {
        "kind": kind,
        "engine": engine_address(),
        "instrument": noop.model_dump(mode="json"),
        "owner": owner,
        "work": str(work.directory.path.parent.parent),
        "directory": str(work.directory.path),
        "key": work.key,
    }
    process = subprocess.Popen([sys.executable, "-c", _OWNER, json.dumps(told)], cwd=Path(__file__).parents[3])
    slots = work.directory.path.parent.parent / "slots"
    try:
        wait_until(lambda: (work.directory.out / "steps.jsonl").exists() or any(slots.glob("*/*/unit/out/steps.jsonl")))
    finally:
        process.kill()
        process.wait()


def mark(work: Work) -> str:
    """Return the mark of the workspace that a unit directory lies in."""
    return Workspace(work.directory.path.parents[1]).mark


def test_a_new_owner_takes_over_the_container_of_a_dead_one(
    make_runner: MakeRunner, make_work: MakeWork, noop: Instrument, engine: Any
) -> None:
    make_runner("docker", owner="dead-owner")
    heir = make_runner("docker")
    work = make_work(heir, seconds=3)
    _run_and_die("docker", work, "dead-owner", noop)
    container = engine.containers.get(container_name(mark(work), work.key))
    # The reaper leaves it for whoever gets the message next.
    heir.reap(lambda owner: False, lambda unit: True)
    steps: list[str] = []
    outcome = heir.adopt(work, steps.append)
    assert outcome is not None
    assert outcome.product.files[0].name == "noop.json"
    assert steps == ["work"]
    assert container.id not in {one.id for one in engine.containers.list(all=True, ignore_removed=True)}


def test_what_ended_while_nobody_looked_is_taken_over_however_late(
    make_runner: MakeRunner,
    make_work: MakeWork,
    noop: Instrument,
    engine: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_runner("docker", owner="dead-owner")
    heir = make_runner("docker")
    work = make_work(heir, seconds=1)
    _run_and_die("docker", work, "dead-owner", noop)
    name = container_name(mark(work), work.key)
    wait_until(lambda: engine.containers.get(name).status == "exited")
    overdue = Labels(noop.name, "dead-owner", mark(work), work.key, deadline=1.0)
    monkeypatch.setattr(Labels, "read", lambda _labels: overdue)
    outcome = heir.adopt(work, lambda _step: None)
    assert outcome is not None
    assert outcome.product.files[0].name == "noop.json"


def test_a_warm_container_ends_with_its_owner(
    make_runner: MakeRunner, make_work: MakeWork, noop: Instrument, engine: Any
) -> None:
    make_runner("warm", owner="dead-warm-owner")
    heir = make_runner("warm")
    work = make_work(heir, behaviour="hang")
    _run_and_die("warm", work, "dead-warm-owner", noop)
    wait_until(lambda: _warm_containers(engine, "dead-warm-owner") == [])
    assert heir.adopt(work, lambda step: None) is None
    heir.reap(lambda owner: False, lambda unit: True)
    assert not engine.containers.list(all=True, ignore_removed=True, filters={"label": "mesh.owner=dead-warm-owner"})
    assert not list((work.directory.path.parent.parent / "slots").glob("dead-warm-owner*"))


def test_nothing_is_taken_over_where_nothing_runs(make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner("warm")
    assert runner.adopt(make_work(runner), lambda step: None) is None


def test_a_container_that_was_never_started_is_replaced(
    make_runner: MakeRunner, make_work: MakeWork, engine: Any, noop: Instrument
) -> None:
    runner = make_runner("docker")
    work = make_work(runner)
    engine.containers.create(noop.image.tag, name=container_name(mark(work), work.key))
    assert runner.adopt(work, lambda step: None) is None
    engine.containers.create(noop.image.tag, name=container_name(mark(work), work.key))
    run(runner, work)


def test_the_reaper_removes_what_nobody_will_take_over(
    make_runner: MakeRunner, make_work: MakeWork, engine: Any, noop: Instrument
) -> None:
    runner = make_runner("docker", owner="reaper-test")

    def leave(owner: str, unit: str, deadline: float, workspace: str = mark(make_work(runner))) -> Any:
        labels = Labels(noop.name, owner, workspace, unit, deadline).write()
        return engine.containers.create(noop.image.tag, labels=labels)

    later, earlier = time.time() + 600, time.time() - 1
    left = {
        "own": leave("reaper-test", "a", earlier),
        "of a living owner": leave("alive", "b", earlier),
        "wanted": leave("dead", "wanted", later),
        "unwanted": leave("dead", "unwanted", later),
        "too old": leave("dead", "wanted", earlier),
        "warm": leave("dead", "", 0),
        "of another mesh": leave("dead", "unwanted", earlier, "00000000"),
    }
    try:
        runner.reap(lambda owner: owner != "dead", "wanted".__eq__)
        there = {container.id for container in engine.containers.list(all=True, ignore_removed=True)}
        assert {name for name, container in left.items() if container.id in there} == {
            "own",
            "of a living owner",
            "wanted",
            "of another mesh",
        }
    finally:
        for container in engine.containers.list(all=True, ignore_removed=True):
            if container.id in {one.id for one in left.values()}:
                container.remove(force=True)


def _warm_containers(engine: Any, owner: str) -> list[str]:
    found = engine.containers.list(ignore_removed=True, filters={"label": f"mesh.owner={owner}"})
    return [str(container.id) for container in found]


def test_a_warm_container_is_kept_and_replaced_after_a_crash(
    make_runner: MakeRunner, make_work: MakeWork, engine: Any
) -> None:
    runner = make_runner("warm", owner="warm-test")
    run(runner, make_work(runner))
    first = _warm_containers(engine, "warm-test")
    run(runner, make_work(runner))
    assert _warm_containers(engine, "warm-test") == first
    with pytest.raises(ScienceFailure):
        run(runner, make_work(runner, behaviour="crash"))
    run(runner, make_work(runner))
    second = _warm_containers(engine, "warm-test")
    assert len(second) == 1
    assert second != first
    runner.close()
    assert _warm_containers(engine, "warm-test") == []


def test_different_workers_make_the_same_bytes(make_runner: MakeRunner, make_work: MakeWork) -> None:
    made = set()
    for kind in ("docker", "warm", "warm"):
        # Each runner is another owner, with containers of its own.
        runner = make_runner(kind)
        work = make_work(runner, key="5e" * 32, salt="sea")
        run(runner, work)
        made.add((work.directory.out / "noop.json").read_bytes())
    assert len(made) == 1


def test_a_warm_container_that_was_killed_while_idle_is_replaced(
    make_runner: MakeRunner, make_work: MakeWork, engine: Any
) -> None:
    runner = make_runner("warm", owner="idle-test")
    runner.prepare(1)
    (first,) = _warm_containers(engine, "idle-test")
    engine.containers.get(first).kill()
    assert run(runner, make_work(runner)).runner == "warm"
    runner.prepare(2)
    assert len(_warm_containers(engine, "idle-test")) == 2


def test_units_run_cold_where_no_warm_container_gets_ready(
    make_runner: MakeRunner, make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = make_runner("warm")

    def fail(_: object) -> None:
        raise EngineUnavailable("NotStarted", "as asked for")

    monkeypatch.setattr("mesh.runner.warm_container.WarmContainer.start", fail)
    assert run(runner, make_work(runner)).runner == "docker"
