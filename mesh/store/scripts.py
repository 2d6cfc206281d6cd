"""Loads the Lua scripts: each runs whole or not at all, so concurrent services never see half a change."""

from functools import cache
from pathlib import Path

import redis
from redis.commands.core import Script

_FOLDER = Path(__file__).parent / "lua"
# Scripts that move rows of a run share these functions.
_WITH_ROWS = frozenset({"enqueue", "fan_in", "release", "abort"})


@cache
def _source(name: str) -> str:
    text = (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")
    if name in _WITH_ROWS:
        text = (_FOLDER / "rows.lua").read_text(encoding="utf-8") + text
    return text


def script(index: redis.Redis, name: str) -> Script:
    """Return the script ``lua/<name>.lua``, ready to be called; it is loaded again where the server forgot it."""
    return index.register_script(_source(name))
