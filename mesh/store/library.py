"""The functions that run inside Redis: each runs whole or not at all, so concurrent services never see half a change.

The parts in ``lua/`` are joined into one library. Its name, and the names of its functions, carry a digest of its text:
old and new services in a roll-out each call their own. Functions outlive the data (FLUSHALL, restarts); whoever may
load a library loads it again where the server forgot it, see ``infra/redis/access.py``.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import NoPermissionError, ResponseError

from mesh.contracts import Lane
from mesh.errors import StoreUnavailable
from mesh.states import UNIT_TRANSITIONS, JobState, UnitState, job_is_final, unit_is_final
from mesh.store.connect import redis_answers

_FOLDER = Path(__file__).parent / "lua"
PARTS = ("keys", "rows", "shares", "leases", "products", "backlog", "fan_in", "release", "open", "runs", "stop")
"""In this order: a part uses what those before it define."""
_DIGITS = 12
_HEAD = """\
local function register(name, callback)
  redis.register_function(name .. '_{version}', function(_, args) return callback(args) end)
end
"""


class Library:
    """Calls functions of the library.

    No call is repeated when its answer is lost, because the answer may matter: the caller gets StoreUnavailable, and
    every function leaves records from which the work goes on without the answer.
    """

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    def call(self, name: str, *arguments: Any) -> Any:
        """Run a function and return its answer.

        Raises:
            StoreUnavailable: the server lacks the library, and this account may not load it.
            redis.RedisError: as the client raises it; callers turn it with `redis_answers`.
        """
        function = f"{name}_{version()}"
        try:
            return self._redis.fcall(function, 0, *arguments)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
        # It did not run, so it may be called again.
        self.load()
        return self._redis.fcall(function, 0, *arguments)

    @redis_answers()
    def load(self) -> None:
        """Load the library unless the server has it.

        Raises:
            StoreUnavailable: Redis is out of reach, or this account may not load libraries.
        """
        try:
            self._redis.function_load(source())
        except NoPermissionError as error:
            text = f"Redis lacks the functions of version {version()}; the dispatcher of that version loads them"
            raise StoreUnavailable("LibraryMissing", text) from error
        except ResponseError as error:
            if "already exists" not in str(error):
                raise


@cache
def source() -> str:
    """Return the text of the library."""
    return f"#!lua name=odamesh_{version()}\n" + _HEAD.format(version=version()) + _body()


@cache
def version() -> str:
    """Return the digest that stands for the text of the library."""
    return hashlib.sha256((_HEAD + _body()).encode()).hexdigest()[:_DIGITS]


def tables() -> str:
    """Return the states of `mesh.states` and the lanes as Lua: there is one place where they and their order stand."""
    following = {
        state.value: _lua_set(after.value for after in UnitState if after in UNIT_TRANSITIONS[state])
        for state in UnitState
    }
    lines = [
        f"local FINAL = {_lua_set(state.value for state in UnitState if unit_is_final(state))}",
        f"local OVER = {_lua_set(state.value for state in JobState if job_is_final(state))}",
        f"local NEXT = {{{', '.join(f'{state} = {after}' for state, after in following.items())}}}",
        f"local URGENCY = {{{', '.join(f'{lane} = {place}' for place, lane in enumerate(Lane))}}}",
    ]
    return "\n".join(lines) + "\n"


@cache
def _body() -> str:
    return tables() + "".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in PARTS)


def _lua_set(words: Iterable[str]) -> str:
    return "{" + ", ".join(f"{word} = true" for word in words) + "}"
