"""From the parameters of a job to what the mesh is asked for, and back.

The parameters are those of the instrument file, and for the selection of science windows those below; SODA's names are
taken too (SODA 1.0, section 3.3): ID is a science window, CIRCLE and POS a cone of pointings, TIME an interval in MJD
(UTC) and BAND one in metres.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.vo.parameters import Parameters
from mesh.archive.times import ijd_from_mjd_utc, utc_from_ijd
from mesh.contracts import Analysis, Cone, Lane, Selection, TimeRange
from mesh.errors import InvalidParameter, InvalidRequest, InvalidSelection, UnknownParameter
from mesh.instrument import Instrument
from mesh.intake import Wish
from mesh.intake.wish import MOST_EXECUTION_S
from mesh.parameters import Parameter, entries

KEV_M = 1.2398419843320026e-9
"""Energy times wavelength of a photon, h c [keV m] (CODATA 2018, exact)."""
WINDOWS = ("t1", "t2", "ra", "dec", "radius", "scws", "max_pointings")
"""How science windows are chosen."""
SODA = ("id", "pos", "circle", "time", "band")
_STEERING = frozenset({"runid", "lane", "phase", "action", "destruction", "executionduration", "wait"})
_OTHERS = frozenset(
    {"request", "lang", "query", "format", "responseformat", "maxrec", "tapclient", "version", "upload", "token"}
)
"""What clients of other protocols send with everything: it has no effect here."""
_LABEL_LENGTH = 64
_TIME_DIGITS = 3


def read_wish(chosen: Instrument, product: str, sent: Parameters, *, draft: bool) -> Wish:
    """Return what is wanted; intake checks it.

    Raises:
        InvalidRequest: a parameter is not known, or cannot be read.
    """
    declared = {name.lower(): name for name in chosen.product_parameters(product)}
    known = {*declared, *SODA, *_STEERING, *_OTHERS, *(WINDOWS if chosen.takes_windows(product) else ())}
    for name in sent.values:
        if name not in known:
            allowed = ", ".join(sorted(known - _OTHERS - _STEERING)).upper()
            msg = f"{product} has no parameter {name.upper()[:_LABEL_LENGTH]}; it takes: {allowed}"
            raise UnknownParameter(msg, field=name.upper(), allowed=allowed)
    parameters = {
        name: _value(chosen.parameters[name], sent.all(lower)) for lower, name in declared.items() if lower in sent
    }
    if "band" in sent:
        if "bands" not in declared:
            raise UnknownParameter(f"{product} has no energy bands: leave BAND out", field="BAND")
        parameters["bands"] = [_band(*bounds) for bounds in sent.numbers("band", 2)]
    return Wish(
        instrument=chosen.name,
        product=product,
        selection=_selection(sent),
        parameters=parameters,
        lane=_lane(sent),
        labels=_labels(sent),
        draft=draft,
        destroy_after=sent.text("destruction") or None,
        execution_s=duration_of(sent) or 0,
    )


def duration_of(sent: Parameters) -> int | None:
    """Return how long a job is to execute at most [s]; None: nothing is said of it.

    Raises:
        InvalidParameter: it is no duration.
    """
    seconds = sent.whole("executionduration")
    if seconds is not None and not 0 <= seconds <= MOST_EXECUTION_S:
        msg = f"EXECUTIONDURATION: {seconds} is out of range"
        allowed = f"whole seconds from 0 (no limit) to {MOST_EXECUTION_S}"
        raise InvalidParameter(msg, field="EXECUTIONDURATION", allowed=allowed)
    return seconds


def written(analysis: Analysis, declared: Mapping[str, Parameter]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a request: sent again, they ask for the same."""
    selection = analysis.selection
    if selection.scws:
        yield "SCWS", ",".join(selection.scws)
    if selection.time:
        yield "T1", selection.time.t1
        yield "T2", selection.time.t2
    if selection.cone:
        yield "RA", repr(selection.cone.ra)
        yield "DEC", repr(selection.cone.dec)
        yield "RADIUS", repr(selection.cone.radius)
    if selection.max_pointings is not None:
        yield "MAX_POINTINGS", str(selection.max_pointings)
    for name, value in analysis.parameters.items():
        yield name.upper(), _text(declared[name].type if name in declared else "", value)


def asked_of(sent: Parameters) -> dict[str, Any]:
    """Return what was sent, as it is kept with the job."""
    return {name: values[0] if len(values) == 1 else list(values) for name, values in sent.values.items()}


def changed(before: Parameters, sent: Parameters) -> Parameters:
    """Return parameters with others in their place; a new choice of windows takes the place of the whole old one."""
    values = dict(before.values)
    if any(name in sent for name in ("scws", "id")):
        values = {name: value for name, value in values.items() if name not in WINDOWS}
    elif any(name in sent for name in ("t1", "t2", "time")):
        values.pop("scws", None)
    replaced = {"time": ("t1", "t2"), "circle": ("ra", "dec", "radius"), "pos": ("ra", "dec", "radius")}
    replaced |= {"band": ("bands",)}
    for name, others in replaced.items():
        if name in sent:
            values = {one: value for one, value in values.items() if one not in others}
    return Parameters(values | dict(sent.values))


def _text(kind: str, value: Any) -> str:
    match kind, value:
        case _, bool():
            return "true" if value else "false"
        case "bands", list():
            return ",".join(f"{low!r}-{high!r}" for low, high in value)
        case "products", list():
            return ",".join(value)
        case "files", list():
            return ";".join(value)
        case _, str():
            return value
        case _:
            return json.dumps(value)


def _value(parameter: Parameter, texts: tuple[str, ...]) -> Any:
    """Return the value of a parameter as intake reads it."""
    last = texts[-1].strip()
    match parameter.type:
        case "bands":
            return ",".join(texts)
        case "products":
            return [entry for text in texts for entry in entries(text, ",") or []]
        case "labels":
            return [entry for text in texts for entry in (_json(text) if text.startswith("[") else [text.strip()])]
        case "files":
            return ";".join(texts)
        case "catalogue":
            return _json(last) if last.startswith("[") else texts[-1]
        case "text":
            return texts[-1]
        case _:
            return last


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        msg = f"{text[:40]!r} begins like a JSON list, but is none"
        raise InvalidParameter(msg, field="parameters", allowed="a JSON list") from None


def _band(low_m: float, high_m: float) -> list[float]:
    """Return a band in keV of one in metres; twelve digits, so that a band that was converted comes back as it was."""
    if not 0 < low_m < high_m < math.inf:
        msg = "BAND: give two wavelengths in metres, the shorter one first, e.g. 3.1e-11 6.2e-11 for 20-40 keV"
        raise InvalidParameter(msg, field="BAND", allowed="0 < low < high, in m")
    return [float(f"{KEV_M / high_m:.9g}"), float(f"{KEV_M / low_m:.9g}")]


def _selection(sent: Parameters) -> Selection:
    windows = [entry for name in ("scws", "id") for text in sent.all(name) for entry in entries(text, ",") or []]
    most = sent.whole("max_pointings")
    return Selection(scws=tuple(windows) or None, time=_time(sent), cone=_cone(sent), max_pointings=most)


def _time(sent: Parameters) -> TimeRange | None:
    if "time" in sent:
        given = sent.numbers("time", 2)
        if len(given) > 1:
            raise InvalidSelection("TIME: give one interval", field="TIME", allowed="one interval in MJD (UTC)")
        try:
            t1, t2 = (utc_from_ijd(ijd_from_mjd_utc(mjd), _TIME_DIGITS) for mjd in given[0])
        except (ValueError, OverflowError) as error:
            raise InvalidSelection(f"TIME: {error}", field="TIME", allowed="two MJD (UTC), the earlier first") from None
        return TimeRange(t1=t1, t2=t2)
    if "t1" in sent or "t2" in sent:
        return TimeRange(t1=sent.text("t1"), t2=sent.text("t2"))
    return None


def _cone(sent: Parameters) -> Cone | None:
    circles = sent.numbers("circle", 3)
    for text in sent.all("pos"):
        shape, _, numbers = text.strip().partition(" ")
        if shape.upper() != "CIRCLE":
            msg = f"POS: {shape[:32]!r} is not possible here: pointings are chosen by a CIRCLE"
            raise InvalidSelection(msg, field="POS", allowed="CIRCLE RA DEC RADIUS, in degrees")
        circles += Parameters({"pos": (numbers,)}).numbers("pos", 3)
    if len(circles) > 1:
        raise InvalidSelection("CIRCLE: give one", field="CIRCLE", allowed="one circle")
    if circles:
        ra, dec, radius = circles[0]
        return Cone(ra=ra, dec=dec, radius=radius)
    named = {name: _degrees(sent, name) for name in ("ra", "dec", "radius") if name in sent}
    if not named:
        return None
    if len(named) < 3:
        missing = ", ".join(name.upper() for name in ("ra", "dec", "radius") if name not in named)
        msg = f"a cone has RA, DEC and RADIUS in degrees: add {missing}"
        raise InvalidSelection(msg, field=missing, allowed="degrees")
    return Cone(**named)


def _degrees(sent: Parameters, name: str) -> float:
    return sent.numbers(name, 1)[-1][0]


def _lane(sent: Parameters) -> Lane:
    text = sent.text("lane", Lane.USER.value).lower()
    try:
        return Lane(text)
    except ValueError:
        allowed = ", ".join(Lane)
        raise InvalidRequest(f"LANE: {text[:32]!r} is no lane", field="LANE", allowed=allowed) from None


def _labels(sent: Parameters) -> tuple[str, ...]:
    """Return the client's own word for the job, RUNID, as its label."""
    run_id = sent.text("runid")
    if len(run_id) > _LABEL_LENGTH:
        msg = f"RUNID: longer than {_LABEL_LENGTH} characters"
        raise InvalidRequest(msg, field="RUNID", allowed=f"at most {_LABEL_LENGTH} characters")
    return (run_id,) if run_id else ()
