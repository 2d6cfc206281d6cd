"""Peak resident memory of each process of the mesh, from the kernel's own accounting."""

from collections.abc import Mapping
from pathlib import Path


def peak_rss_mb(processes: Mapping[str, int]) -> dict[str, float]:
    """Return the peak resident set (MB) of each named process id."""
    return {name: peak_mb(pid) for name, pid in processes.items()}


def reset_peak(pid: int) -> None:
    """Have the kernel begin its account of a process anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def peak_mb(pid: int) -> float:
    """Return the peak resident set (MB) of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    msg = f"process {pid} has no VmHWM"
    raise RuntimeError(msg)
