"""The one error that set-up shows to a person."""


class SetupProblem(Exception):
    """One clear line: what is wrong and what to install or set."""
