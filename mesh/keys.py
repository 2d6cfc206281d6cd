"""Content keys: the same analysis of the same data has the same key, everywhere and for ever.

Cache, idempotence under at-least-once delivery, single-flight, permanent links and provenance all rest on this
one rule. A key is the SHA-256 of canonical JSON; nothing that does not change the bytes of the product may enter it.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def canonical_json(value: Any) -> str:
    """Return the one JSON text of *value*: sorted names, no blanks, numbers in one form.

    Integers and floats of the same value give the same text (20 and 20.0), because a caller cannot be expected
    to know which of them a parameter is declared as.

    Raises:
        ValueError: for NaN and infinities, which no parameter may hold.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def content_key(value: Any) -> str:
    """Return the SHA-256 (64 hex digits) of the canonical JSON of *value*."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()


class Canonical(str):
    """JSON in its canonical form already: what many keys share is brought into it once."""


def unit_key(
    *,
    instrument: str,
    stage: str,
    image: str,
    calibration: str,
    parameters: Mapping[str, Any] | Canonical,
    label: str,
    inputs: Sequence[Mapping[str, Any] | Canonical],
) -> str:
    """Return the key of one unit of work.

    Args:
        instrument: name, e.g. ``isgri``.
        stage: name, e.g. ``image``.
        image: digest of the container image, or of the package for the local runner.
        calibration: version of the calibration that the image holds or mounts.
        parameters: those of this stage only, defaults filled in, canonical units.
        label: ScW id or ``job``.
        inputs: archive files with their stamps, products with their keys; order is irrelevant.
    """
    texts = {
        "instrument": canonical_json(instrument),
        "stage": canonical_json(stage),
        "image": canonical_json(image),
        "calibration": canonical_json(calibration),
        "parameters": _canonical(parameters),
        "label": canonical_json(label),
        "inputs": f"[{','.join(sorted(map(_canonical, inputs)))}]",
    }
    whole = ",".join(f'"{name}":{text}' for name, text in sorted(texts.items()))
    return hashlib.sha256(f"{{{whole}}}".encode("ascii")).hexdigest()


def _canonical(value: Mapping[str, Any] | Canonical) -> str:
    return value if isinstance(value, Canonical) else canonical_json(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"{value} cannot be part of a key: parameters must be finite numbers"
            raise ValueError(msg)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    msg = f"{type(value).__name__} cannot be part of a key: use text, numbers, booleans, lists and objects"
    raise ValueError(msg)
