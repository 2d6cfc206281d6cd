"""Serves units from a container that has loaded its analysis once: ``python -m mesh.kit.warm <socket>``.

When it has loaded, it connects to the Unix socket of its owner (an instrument service), which sends one JSON line for
each unit, ``{"directory": ..., "limits": {...}}``; the answer is one JSON line with the fields of
:class:`mesh.kit.fork.Ending` and ``recycle``. What the owner may send meanwhile, :mod:`mesh.kit.fork` says.
Each unit runs in a fork, so that starting one takes milliseconds and no unit sees the memory of another. The server
ends when its owner hangs up, so no owner leaves one behind, and when it has answered ``recycle``: after many units,
after its own memory grew, after a unit ended by a signal, or when a unit left something behind.
"""

import argparse
import gc
import os
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path

from mesh.kit.analysis import Analysis, load_analysis
from mesh.kit.fork import Ending, run_forked
from mesh.kit.owner import Owner, OwnerGone
from mesh.kit.rlimits import be_traceable
from mesh.kit.traces import clear_container

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

    def serve(self, owner: Owner) -> None:
        """Answer until the server is used up.

        Raises:
            OwnerGone: the owner hung up.
        """
        # What is loaded by now stays for ever: keep the collector, which would copy shared pages, away from it.
        gc.freeze()
        again = True
        while again:
            request = owner.receive()
            if "directory" not in request:
                # A wish for the unit that ended meanwhile.
                continue
            ending = run_forked(self._analysis, Path(request["directory"]), request.get("limits", {}), owner)
            again = self._is_good(ending)
            owner.send({**asdict(ending), "recycle": not again})

    def _is_good(self, ending: Ending) -> bool:
        self._units_left -= 1
        clean = clear_container()
        return clean and self._units_left > 0 and ending.signal is None and _resident_mb() <= self._largest_mb


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def main() -> int:
    """Load the analysis, connect to the owner, serve, end."""
    parser = argparse.ArgumentParser(description="Serve units of the analysis that ODAMESH_ANALYSIS names.")
    parser.add_argument("socket", type=Path, help="Unix socket on which the owner listens")
    parser.add_argument("--units", type=int, default=1000, help="end after so many units")
    parser.add_argument("--growth-mb", type=float, default=128.0, help="end when the server itself grew by so much")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    analysis = load_analysis()
    analysis.warm()
    # Units run as the same user: none may reach into the process that answers for it.
    be_traceable(yes=False)
    server = WarmServer(analysis, units=arguments.units, growth_mb=arguments.growth_mb)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(arguments.socket))
    except OSError as error:
        sys.stderr.write(f"cannot connect to the owner at {arguments.socket}: {error}\n")
        return 1
    owner = Owner(connection)
    try:
        server.serve(owner)
    except OwnerGone:
        # Nobody is left to answer to.
        return 0
    finally:
        owner.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
