"""Which analyses an event asks for: from how it stands and which data there are; pure."""

from collections.abc import Callable, Sequence
from typing import Any

from mesh.alerts.instants import seconds_between
from mesh.alerts.standing import Standing
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts.alert import AlertEvent, AlertJob
from mesh.contracts.notice import Position
from mesh.contracts.transient import InstrumentRecord
from mesh.instruments import instruments
from mesh.keys import content_key
from mesh.states import JobState
from services.triggers.event_map import map_of, waits_for_map
from services.triggers.limits import Limits

SAME_TIME_SECONDS = 0.01
"""A trigger whose time moves by less is analysed as it was."""
_LARGEST_CIRCLE = 10.0
"""Degrees: of a larger one the centre says little about the response."""
_DAY_S = 86400.0
LOCALISATION = "localisation"
_LEAST_COVERED = 1e-6
_IMAGES = {"isgri": "isgri_image", "jemx": "jemx_image"}
_SEARCH = "spi_acs_search"
_CURVE_SECONDS, _CURVE_BIN, _POLAR_BIN = 300.0, 0.1, 0.1


def wanted(event: AlertEvent, stands: Standing, data: Sequence[InstrumentRecord], limits: Limits) -> list[AlertJob]:
    """Return the analyses that an event asks for; those of earlier notices that are not among them are over.

    Args:
        event: with what was asked for before.
        stands: how it stands.
        data: which there are.
        limits: how much is looked at.
    """
    if stands.retracted or stands.reports_only:
        return []
    time = analysed_time(event, stands)
    if time is None:
        return []
    found = []
    for one in data:
        if one.status == "data":
            found += [_job(one.instrument, *make(time, stands, limits)) for make in _ANALYSES.get(one.instrument, ())]
    localisation = []
    if any(one.analysable for one in data):
        localisation = _localisation(event, stands, time, found, limits)
    return found + localisation + _images(event, time, localisation, limits)


def _images(event: AlertEvent, time: str, localisation: Sequence[AlertJob], limits: Limits) -> list[AlertJob]:
    """Return images of the science windows that cover most of the map, once the localisation has told of them."""
    signatures = {one.signature for one in localisation}
    done = next((one for one in event.jobs if one.signature in signatures and one.state is JobState.COMPLETED), None)
    if done is None or not limits.image_windows:
        return []
    found = []
    for instrument, product in _IMAGES.items():
        rows = {
            str(window["scw"]).partition(".")[0]: window
            for row in done.results.get("coverage") or ()
            if row["instrument"] == instrument
            for window in row["windows"]
            # Where the index of the archive does not tell which files a window has, the image tells.
            if window["data"] is not False and window["covered"] >= max(limits.image_coverage, _LEAST_COVERED)
        }
        chosen = sorted(rows, key=lambda scw: (-rows[scw]["covered"], scw))[: limits.image_windows]
        if chosen and instrument in instruments():
            selection = {"scws": sorted(chosen)}
            found.append(_job(instrument, product, time, {"selection": selection, "parameters": {}}))
    return found


def _localisation(
    event: AlertEvent, stands: Standing, time: str, found: Sequence[AlertJob], limits: Limits
) -> list[AlertJob]:
    """Return the localisation, once the map is there and the search that is folded with it has ended."""
    if LOCALISATION not in instruments():
        return []
    parameters: dict[str, Any] = {"t0": time.removesuffix("Z"), "window": limits.window_seconds}
    search = next((one for one in found if one.product == _SEARCH), None)
    if search is not None:
        done = next((one for one in event.jobs if one.signature == search.signature), None)
        if done is None or not done.ended:
            return []
        if done.state is JobState.COMPLETED:
            parameters["search"] = [done.job_id]
    place = stands.position
    if waits_for_map(event, stands):
        return []
    reference = map_of(event, stands)
    if reference is not None and reference.sha256:
        parameters["sky_map"] = [reference.sha256]
    elif place is not None:
        parameters |= {"position": _place(place), "error_radius": place.radius, "containment": place.containment}
        if event.event_key.startswith("fermi-gbm:") and not place.systematic:
            parameters["systematic"] = "gbm"
    return [_job(LOCALISATION, "localisation", time, {"selection": {}, "parameters": parameters})]


def analysed_time(event: AlertEvent, stands: Standing) -> str | None:
    """Return the time that is analysed: that of gamma rays; the one of before where it has hardly moved."""
    time = stands.search_time or stands.trigger_time
    if time is None:
        return None
    for job in reversed(event.jobs):
        if abs(seconds_between(job.time, time)) <= SAME_TIME_SECONDS:
            return job.time
    return time


_Made = tuple[str, str, dict[str, Any]]
"""Product, time, wish."""


def _search(time: str, stands: Standing, limits: Limits) -> _Made:
    around = max(limits.around_seconds, 2.2 * limits.window_seconds)
    parameters: dict[str, Any] = {"t0": time.removesuffix("Z"), "window": limits.window_seconds}
    place = stands.position
    if place is not None and place.radius <= _LARGEST_CIRCLE:
        parameters["position"] = _place(place)
    return _SEARCH, time, {"selection": _around(time, around, around), "parameters": parameters}


def _curve(time: str, _: Standing, __: Limits) -> _Made:
    selection = _around(time, _CURVE_SECONDS, _CURVE_SECONDS)
    return "spi_acs_lc", time, {"selection": selection, "parameters": {"time_bin": _CURVE_BIN}}


def _polar_curve(time: str, _: Standing, __: Limits) -> _Made:
    selection = _around(time, _CURVE_SECONDS, _CURVE_SECONDS)
    return "polar_lc", time, {"selection": selection, "parameters": {"time_bin": _POLAR_BIN}}


_ANALYSES: dict[str, tuple[Callable[[str, Standing, Limits], _Made], ...]] = {
    "spiacs": (_search, _curve),
    "polar": (_polar_curve,),
}


def _place(place: Position) -> str:
    return f"{place.ra:.4f}, {place.dec:.4f}"


def _around(time: str, before: float, after: float) -> dict[str, Any]:
    ijd = ijd_from_utc(time)
    return {"time": {"t1": utc_from_ijd(ijd - before / _DAY_S), "t2": utc_from_ijd(ijd + after / _DAY_S)}}


def _job(instrument: str, product: str, time: str, wish: dict[str, Any]) -> AlertJob:
    signature = content_key({"instrument": instrument, "product": product, "wish": wish})
    return AlertJob(instrument=instrument, product=product, signature=signature, time=time, wish=wish)
