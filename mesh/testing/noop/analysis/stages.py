"""The two stages of the drill instrument."""

import json
import sys
import time

from mesh.kit import BadInput, Unit
from mesh.testing.noop.analysis.misfortunes import MISFORTUNES

PRODUCT = "noop.json"


def window(unit: Unit) -> None:
    """Write one small file, after the time and in the way that the parameters ask for."""
    with unit.step("begin"):
        behaviour = _behaviour(unit)
        sys.stderr.write(f"{unit.label}: {behaviour}\n")
        sys.stderr.flush()
    with unit.step("work"):
        _pass_time(float(unit.parameters.get("seconds", 0)))
        if behaviour != "done":
            MISFORTUNES[behaviour](unit)
        _write(unit, {"label": unit.label, "salt": unit.parameters.get("salt", "")})
    unit.summary(windows=1)


def merge(unit: Unit) -> None:
    """Write one small file that lists the windows whose products were given."""
    with unit.step("merge"):
        products = [json.loads(entry.path(PRODUCT).read_text()) for entry in unit.inputs("window")]
        if not products:
            raise BadInput("EmptyImageList", "no window has a product: nothing to merge")
        time.sleep(float(unit.parameters.get("merge_seconds", 0)))
        _write(unit, {"windows": [product["label"] for product in products]})
    unit.summary(windows=len(products))


def _behaviour(unit: Unit) -> str:
    fails = {label.partition(".")[0] for label in unit.parameters.get("fails", [])}
    behaviour = str(unit.parameters.get("behaviour", "done"))
    return behaviour if not fails or unit.label.partition(".")[0] in fails else "done"


def _pass_time(seconds: float) -> None:
    """Sleep, and say every second how long yet: something to follow."""
    while seconds > 0:
        sys.stderr.write(f"{seconds:g} s to go\n")
        sys.stderr.flush()
        time.sleep(min(seconds, 1.0))
        seconds -= 1.0


def _write(unit: Unit, content: dict[str, object]) -> None:
    (unit.out / PRODUCT).write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
