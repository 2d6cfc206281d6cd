"""The lock of a worker: free as soon as its process is gone, however it went."""

import signal
import subprocess
import sys
from pathlib import Path

from mesh.service.owner_lock import OwnerLock

_HOLD = """
import sys, time
from pathlib import Path
from mesh.service.owner_lock import OwnerLock
lock = OwnerLock(Path(sys.argv[1]), "host/1-other")
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_owner_is_dead_and_a_living_one_is_not(tmp_path: Path) -> None:
    lock = OwnerLock(tmp_path, "host/1-me")
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert lock.dead() == []

        other.send_signal(signal.SIGKILL)
        other.wait()

    assert lock.dead() == ["host/1-other"]
    lock.forget("host/1-other")
    assert lock.dead() == []
    lock.release()


def test_who_ends_in_good_order_leaves_nothing(tmp_path: Path) -> None:
    other = OwnerLock(tmp_path, "other")
    lock = OwnerLock(tmp_path, "me")
    other.release()

    assert lock.dead() == []
    lock.release()
    assert list(tmp_path.iterdir()) == []
