"""Loads the Lua scripts: each runs whole or not at all, so concurrent services never see half a change."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import redis
from redis.commands.core import Script

from mesh.states import UNIT_TRANSITIONS, JobState, UnitState, job_is_final, unit_is_final

_FOLDER = Path(__file__).parent / "lua"
# Leases know nothing of runs.
_ALONE = frozenset({"renew", "drop_lease", "bury"})


@cache
def _source(name: str) -> str:
    text = (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
    if name in _ALONE:
        return text
    return state_tables() + (_FOLDER / "rows.lua").read_text(encoding="utf-8") + text


def state_tables() -> str:
    """Return the tables of `mesh.states` as Lua: there is one place where states and their order are written."""
    following = {
        state.value: _lua_set(after.value for after in UnitState if after in UNIT_TRANSITIONS[state])
        for state in UnitState
    }
    lines = [
        f"local FINAL = {_lua_set(state.value for state in UnitState if unit_is_final(state))}",
        f"local OVER = {_lua_set(state.value for state in JobState if job_is_final(state))}",
        f"local NEXT = {{{', '.join(f'{state} = {after}' for state, after in following.items())}}}",
    ]
    return "\n".join(lines) + "\n"


def script(index: redis.Redis, name: str) -> Script:
    """Return the script ``lua/<name>.lua``, ready to be called; it is loaded again where the server forgot it."""
    return index.register_script(_source(name))


def _lua_set(words: Iterable[str]) -> str:
    return "{" + ", ".join(f"{word} = true" for word in words) + "}"
