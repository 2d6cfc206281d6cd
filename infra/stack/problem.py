"""The one error that set-up shows to a person."""


class SetupProblem(Exception):  # noqa: N818 - it is a problem to solve, shown without a trace
    """One clear line: what is wrong and what to install or set."""
