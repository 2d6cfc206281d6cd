"""Exit statuses of the commands on jobs, as scripts match on them."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command ends with; `docs/start.md` and ``odamesh --help`` show the same list."""

    DONE = 0
    """Done; of a job: what was asked for was made, of all windows."""
    FAILED = 1
    """The job failed, or what was asked for does not exist."""
    USAGE = 2
    """The command or the request must be changed."""
    PARTIAL = 3
    """The job completed, but some windows gave nothing."""
    CANCELLED = 4
    """The job was cancelled."""
    UNAVAILABLE = 5
    """The mesh does not answer, or asks to come again later."""
    INTERRUPTED = 130
    """Ctrl-C; the job goes on."""


MEANINGS = {
    ExitStatus.DONE: "done; a job: made, of all windows",
    ExitStatus.FAILED: "the job failed, or there is no such thing",
    ExitStatus.USAGE: "the command or the request must be changed",
    ExitStatus.PARTIAL: "the job completed, but some windows gave nothing",
    ExitStatus.CANCELLED: "the job was cancelled",
    ExitStatus.UNAVAILABLE: "the mesh does not answer, or asks to come again later",
    ExitStatus.INTERRUPTED: "Ctrl-C; the job goes on",
}
