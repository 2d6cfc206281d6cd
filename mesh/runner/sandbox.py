"""What a container may do: nothing but compute, in its own directory, within its limits."""

import os
from typing import Any

from docker.types import LogConfig, Ulimit

from mesh.instrument import Limits
from mesh.kit.rlimits import OPEN_FILES

_NOBODY = "65534:65534"

_MIB = 1 << 20


def user() -> str:
    """Return who a container's processes are: nobody, or the service's own user where that is not root.

    No file of any image belongs to either. A service that is not root could not remove directories of another user.
    """
    return f"{os.geteuid()}:{os.getegid()}" if os.geteuid() != 0 else _NOBODY


def sandbox(limits: Limits) -> dict[str, Any]:
    """Return the arguments of ``containers.create`` that confine a container to *limits*.

    The default seccomp profile of the engine stays on: nothing here turns it off.
    """
    memory = f"{limits.memory_mb}m"
    output = int(limits.output_mb * _MIB)
    return {
        "network_mode": "none",
        "ipc_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,size={limits.tmp_mb}m,mode=1777"},  # noqa: S108
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "user": user(),
        "pids_limit": limits.pids,
        "mem_limit": memory,
        # Equal limits leave no swap.
        "memswap_limit": memory,
        "nano_cpus": int(limits.cpus * 1e9),
        "ulimits": [
            Ulimit(name="nofile", soft=OPEN_FILES, hard=OPEN_FILES),
            Ulimit(name="fsize", soft=output, hard=output),
            Ulimit(name="core", soft=0, hard=0),
        ],
        "log_config": LogConfig(type=LogConfig.types.JSON, config={"max-size": "1m", "max-file": "2"}),
        "working_dir": "/tmp",  # noqa: S108
        # The same in every container: no product may depend on where it was made.
        "hostname": "odamesh",
        "environment": {"HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONHASHSEED": "0"},  # noqa: S108
    }
