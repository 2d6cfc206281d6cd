"""Texts that stay what they are where the client replaces the letters ``null`` by ``None``, inside of texts too."""

import json
from typing import Any

_LETTERS = "null"


def in_python(code: str) -> str:
    r"""Return Python text in whose literals the letters do not stand together; it means the same.

    It is the ``u`` that is written otherwise: the ``n`` may be that of ``\n``.
    """
    return code.replace(_LETTERS, r"n\x75ll")


def in_json(value: Any) -> Any:
    """Return an argument, where it is JSON with the letters as JSON that means the same without them.

    No value is written NaN, which every reader of catalogues takes for it; other texts stay as they are.
    """
    if isinstance(value, list):
        return [in_json(entry) for entry in value]
    if _LETTERS not in value:
        return value
    try:
        content = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return json.dumps(_without_none(content)).replace(_LETTERS, r"n\u0075ll")


def _without_none(content: Any) -> Any:
    match content:
        case None:
            return float("nan")
        case list():
            return [_without_none(entry) for entry in content]
        case dict():
            return {name: _without_none(entry) for name, entry in content.items()}
        case _:
            return content
