"""Reads a parameter that is several numbers in one text, such as a direction."""

import math
from collections.abc import Sequence

from mesh.kit.failures import BadInput


def written_numbers(name: str, text: str, counts: Sequence[int], form: str) -> list[float] | None:
    """Return the numbers of a text with commas; None for an empty one.

    Args:
        name: of the parameter.
        text: as the caller wrote it.
        counts: how many there may be.
        form: what they are, for whoever got it wrong.

    Raises:
        BadInput: they are not as many as they may be, or no finite numbers.
    """
    if not text.strip():
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in counts or not all(map(math.isfinite, values)):
        many = " or ".join(map(str, counts))
        raise BadInput(f"Bad{name.capitalize()}", f"{name} {text!r} is not {many} numbers with commas: {form}")
    return values
