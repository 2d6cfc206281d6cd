"""In a service every thread is green: no runner may keep the others from running while its unit does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.instrument import Instrument

from .conftest import engine_address

_ROOT = Path(__file__).resolve().parents[3]

_SERVICE = """
import eventlet
eventlet.monkey_patch()
import json, sys
from pathlib import Path
from mesh.instrument import Instrument
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect
from mesh.runner.local import LocalRunner
from mesh.runner.protocol import Work
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace

told = json.loads(sys.argv[1])
instrument = Instrument.model_validate(told["instrument"])
workspace = Workspace(Path(told["work"]))
if told["kind"] == "local":
    runner = LocalRunner(instrument, workspace)
else:
    client = connect(told["engine"])
    runner = DockerRunner(client, instrument, told["owner"], workspace)
    if told["kind"] == "warm":
        runner = WarmRunner(client, instrument, told["owner"], workspace, runner)
running, together = set(), []

def run(number):
    key = f"{number:x}" * 64
    directory = runner.directory(key)
    directory.create()
    directory.write_unit(
        key=key, stage="window", label=f"20160027{number:04d}", parameters={"seconds": 1}, inputs=[], provenance={}
    )

    def on_step(step):
        if step == "work":
            running.add(key)
            together.append(len(running))

    outcome = runner.run(Work(key, directory, instrument.limits), on_step)
    running.discard(key)
    return outcome.runner

pool = eventlet.GreenPool(2)
runners = list(pool.imap(run, range(2)))
runner.close()
print(json.dumps({"runners": runners, "together": max(together)}))
"""


@pytest.mark.parametrize("kind", ["local", "docker", "warm"])
def test_units_run_side_by_side_in_one_green_process(kind: str, noop: Instrument, tmp_path: Path) -> None:
    told = {
        "kind": kind,
        "engine": engine_address(),
        "instrument": noop.model_dump(mode="json"),
        "owner": f"green-{kind}",
        "work": str(tmp_path),
    }
    command = [sys.executable, "-W", "ignore", "-c", _SERVICE, json.dumps(told)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["runners"] == [kind, kind]
    assert answer["together"] == 2
