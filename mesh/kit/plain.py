"""Turns what an analysis reports (numpy numbers and arrays among it) into plain JSON values."""

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """Return *value* as text, numbers, booleans, lists and objects.

    Numpy scalars and arrays become numbers and lists; NaN and infinities, which JSON lacks, become None.

    Raises:
        TypeError: for a value that has no plain form.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if callable(tolist := getattr(value, "tolist", None)):
        return plain(tolist())
    msg = f"{type(value).__name__} has no plain form: report text, numbers, booleans, lists, objects or numpy arrays"
    raise TypeError(msg)
