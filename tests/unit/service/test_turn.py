"""Turns of processes on one machine."""

import subprocess
import sys
from pathlib import Path

from mesh.service.turn import Turn

_HOLD = "from mesh.service.turn import Turn; from pathlib import Path; import sys\n" + (
    "with Turn(Path(sys.argv[1])).hold(lambda: False): print('mine', flush=True); sys.stdin.read()"
)


def test_one_process_at_a_time_and_the_dead_hold_nothing(tmp_path: Path) -> None:
    path = tmp_path / "work" / "turn"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        looks = iter((False, False, True))
        with Turn(path).hold(lambda: next(looks)) as mine:
            assert not mine
        other.kill()
    with Turn(path).hold(lambda: True) as mine:
        assert mine
