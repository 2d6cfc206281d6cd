"""Values in the form in which oda_api's client can read them.

The client replaces the letters ``null`` everywhere in an answer by ``None``, in arrays too, and gives up where it meets
NaN or Infinity outside of an array.
"""

import base64
import json
import math
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

_PREFIX = b"\x80\x02cnumpy.core.multiarray\n"
"""How a pickle of an array begins for every numpy from 1 on; numpy 2 itself writes a name that numpy 1 lacks."""
_WRITTEN = (_PREFIX, b"\x80\x02cnumpy._core.multiarray\n")


def pickled(array: np.ndarray[Any, Any]) -> str:
    """Return an array as a pickle (protocol 2) in base64.

    Line breaks, which base64 ignores, keep the letters ``null`` from standing together.

    Raises:
        ValueError: it is no plain array; others tie the reader to the version of the library that made them.
    """
    if type(array) is not np.ndarray or array.dtype.hasobject:
        msg = f"{type(array).__name__} of {array.dtype} is no plain array"
        raise ValueError(msg)
    stream = pickle.dumps(np.ascontiguousarray(array) if array.ndim else array, protocol=2)
    begin = next((one for one in _WRITTEN if stream.startswith(one)), None)
    if begin is None:
        msg = f"numpy {np.__version__} begins a pickle in another way: {stream[:40]!r}"
        raise ValueError(msg)
    return unbroken(base64.b64encode(_PREFIX + stream[len(begin) :]).decode("ascii"))


def binary(content: bytes) -> str:
    """Return bytes in base64 with the two signs that are safe in addresses, as the client expects files."""
    return unbroken(base64.urlsafe_b64encode(content).decode("ascii"))


def unbroken(text: str) -> str:
    """Return base64 in which the client finds no ``null`` to replace."""
    return text.replace("null", "nu\nll")


def plain(value: Any) -> Any:
    """Return a value of a header as JSON can hold it; None for what has no value, NaN and infinities among it."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (bool, int, float, str)) else None


def written(content: Mapping[str, Any]) -> bytes:
    """Return a JSON object as bytes.

    Raises:
        ValueError: it holds NaN or Infinity.
    """
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
