"""Serves units from a container that has loaded its analysis once: ``python -m mesh.kit.warm <socket>``.

The owner (an instrument service) connects to the Unix socket and sends one JSON line for each unit,
``{"directory": ..., "limits": {...}}``; the answer is one JSON line with the fields of
:class:`mesh.kit.fork.Ending` and ``recycle``. An empty line while the unit runs kills it, and the answer comes then.
Each unit runs in a fork, so that starting one takes milliseconds and no unit sees the memory of another. The server
ends when its owner hangs up, so no owner leaves one behind, and when it has answered ``recycle``: after many units,
after its own memory grew, or after a unit ended by a signal.
"""

import argparse
import gc
import json
import os
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from mesh.kit.analysis import Analysis, load_analysis
from mesh.kit.fork import Ending, OwnerGone, run_forked

_OWNER_TIMEOUT_S = 120.0
_MIB = 1 << 20


class WarmServer:
    """One loaded analysis, one owner.

    Args:
        analysis: the loaded package.
        units: number of units after which the server ends.
        growth_mb: growth of its own resident memory after which it ends.
    """

    def __init__(self, analysis: Analysis, *, units: int, growth_mb: float) -> None:
        self._analysis = analysis
        self._units_left = units
        self._largest_mb = _resident_mb() + growth_mb

    def serve(self, owner: socket.socket) -> None:
        """Answer until the owner hangs up or the server is used up."""
        # What is loaded by now stays for ever: keep the collector, which would copy shared pages, away from it.
        gc.freeze()
        with owner, owner.makefile("r", encoding="utf-8") as requests, owner.makefile("w", encoding="utf-8") as answers:
            for line in requests:
                request = json.loads(line)
                ending = run_forked(self._analysis, Path(request["directory"]), request.get("limits", {}), owner)
                if not self._answer(answers, ending):
                    return

    def _answer(self, answers: TextIO, ending: Ending) -> bool:
        self._units_left -= 1
        recycle = self._units_left <= 0 or ending.signal is not None or _resident_mb() > self._largest_mb
        answers.write(json.dumps({**asdict(ending), "recycle": recycle}) + "\n")
        answers.flush()
        return not recycle


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def _listen(path: Path) -> socket.socket:
    """Listen at *path*, which appears only when connecting succeeds."""
    half = path.with_name(f".{path.name}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.settimeout(_OWNER_TIMEOUT_S)
    listener.bind(str(half))
    # The owner may be another user; the directory around it is private.
    half.chmod(0o777)
    listener.listen(1)
    half.rename(path)
    return listener


def main() -> int:
    """Load the analysis, wait for the owner, serve, end."""
    parser = argparse.ArgumentParser(description="Serve units of the analysis that ODAMESH_ANALYSIS names.")
    parser.add_argument("socket", type=Path, help="Unix socket to listen on")
    parser.add_argument("--units", type=int, default=1000, help="end after so many units")
    parser.add_argument("--growth-mb", type=float, default=128.0, help="end when the server itself grew by so much")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    analysis = load_analysis()
    analysis.warm()
    server = WarmServer(analysis, units=arguments.units, growth_mb=arguments.growth_mb)
    with _listen(arguments.socket) as listener:
        try:
            owner, _ = listener.accept()
        except TimeoutError:
            sys.stderr.write(f"nobody connected within {_OWNER_TIMEOUT_S:.0f} s\n")
            return 1
    try:
        server.serve(owner)
    except (OwnerGone, ConnectionError):
        # Nobody is left to answer to.
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
