"""Who calls, and what a caller may do: the one place that decides."""

from enum import StrEnum

from mesh.contracts import Lane
from mesh.contracts.document import Part
from mesh.intake.errors import NotAllowed


class Role(StrEnum):
    """What somebody is beside the owner of jobs."""

    OPERATOR = "operator"
    """May cancel and delete everybody's jobs."""


class Caller(Part):
    """Who calls, as the door knows it.

    A mesh without accounts takes a caller's word for the name and lets everybody do everything: its doors say so with
    `anybody`.
    """

    name: str
    roles: frozenset[Role] = frozenset()
    lanes: frozenset[Lane] = frozenset({Lane.USER, Lane.BATCH})
    """Lanes that the caller may use."""

    @classmethod
    def anybody(cls, name: str = "anonymous") -> "Caller":
        """Return the caller of a door that does not know who calls."""
        return cls(name=name, roles=frozenset(Role), lanes=frozenset(Lane))


def check_look(caller: Caller, owner: str) -> None:
    """Return if *caller* may look at what *owner* asked for, and use what came of it.

    Equal requests share one run and one set of products, so everybody may.
    """


def check_change(caller: Caller, owner: str) -> None:
    """Return if *caller* may start, cancel or delete a job of *owner*.

    Raises:
        NotAllowed: it belongs to somebody else.
    """
    if caller.name != owner and Role.OPERATOR not in caller.roles:
        msg = f"This job belongs to {owner}: only its owner or an operator may change it."
        raise NotAllowed(msg)


def check_lane(caller: Caller, lane: Lane) -> None:
    """Return if *caller* may use a lane.

    Raises:
        NotAllowed: names those that the caller may use.
    """
    if lane not in caller.lanes:
        msg = f"{caller.name} may not use the lane {lane.value}; allowed: {', '.join(sorted(caller.lanes))}."
        raise NotAllowed(msg)
