"""Ids of jobs by their first digits: as many as tell one from the others will do, as for commits in git."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from odamesh.errors import AmbiguousId, NoSuchThing

_LEAST_DIGITS = 4
_SHORT = re.compile(rf"[0-9a-f]{{{_LEAST_DIGITS},31}}")
_SHOWN = 10


def is_short(text: str) -> bool:
    """Say whether a text is the beginning of an id."""
    return _SHORT.fullmatch(text) is not None


def alike(digits: str) -> dict[str, Any]:
    """Return the question for the jobs whose id begins so."""
    return {"id": digits, "limit": _SHOWN}


def only_one(digits: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Return the id of the one job that was found.

    Raises:
        NoSuchThing: there is none.
        AmbiguousId: there are several; lists them.
    """
    if not found:
        raise NoSuchThing(f"there is no job whose id begins with {digits}")
    if len(found) > 1:
        listed = ", ".join(f"{entry['job_id']} ({entry['product']}, {entry['state']})" for entry in found)
        raise AmbiguousId(f"several jobs have an id that begins with {digits}: {listed}")
    return str(found[0]["job_id"])
