"""The stage ``localise``: a map, the report of a search and the archive's index in, the localisation summary out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mesh.kit import BadInput, Unit
from mesh.kit.plain import plain
from mesh.kit.provenance import write_fits
from mesh.kit.written_numbers import written_numbers
from science.bursts.instants import DAY_S, seconds_of_utc, utc_of_seconds
from science.sky_maps.annulus import Ring, with_ring
from science.sky_maps.credible import Credible
from science.sky_maps.files import moc_hdus, sky_map_hdus
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import Flags, SkyMap, unit_vector
from services.localisation.analysis.answer import one_line, sentences
from services.localisation.analysis.fields import FIELDS
from services.localisation.analysis.imagers import Coverage, coverage
from services.localisation.analysis.limits import LimitMap, folded, limit_maps, orientations
from services.localisation.analysis.overview import Overview
from services.localisation.analysis.region_stage import LEVELS, MAP_FILE, REPORT_FILE, described
from services.localisation.analysis.request import WHOLE_SKY
from services.localisation.analysis.shield import shield_report
from services.localisation.analysis.spacecraft import find_spacecraft, told_of
from services.localisation.analysis.surroundings import (
    Disc,
    earth_below,
    earth_from,
    light_travel,
)
from services.localisation.analysis.windows import Found, windows_between

SUMMARY_FILE = "localisation.json"
_FINE = 7
_POLAR = ("2016-09-15T00:00:00", "2017-04-01T23:59:59")


def run_localise(unit: Unit) -> None:
    """Read, combine, cover, fold, write.

    Raises:
        BadInput: an input cannot be read, or a parameter not understood.
    """
    asked = unit.parameters
    with unit.step("read"):
        region = unit.inputs("region")[0]
        sky = read_sky_map(region.path(MAP_FILE))
        source = json.loads(region.path(REPORT_FILE).read_text(encoding="utf-8"))["source"]
        search = _search(unit)
        t0_s = _t0(str(asked["t0"]), search)
        window_s, follow_s = float(asked["window"]), float(asked["follow_up"]) * DAY_S
        index = [path for entry in unit.inputs("index") for path in entry.paths]
        prompt, later = _found(index, t0_s, window_s, follow_s)
        craft = find_spacecraft(search, prompt, t0_s)
        ring = _ring(str(asked["annulus"]), search)
    with unit.step("combine"):
        given = Credible(sky)
        combined = None
        if ring is not None:
            try:
                combined = Credible(with_ring(sky, ring))
            except ValueError as error:
                unit.warn(f"the annulus and the map exclude each other ({error}): the map is used alone")
        used = Credible((combined or given).sky.refined(_FINE))
    with unit.step("cover"):
        earth = None if craft.position_km is None else earth_from(craft.position_km)
        hidden = _hidden(used.sky, earth)
        nothing_hidden = np.zeros_like(hidden)
        covers = {
            name: {
                "prompt": coverage(name, used, prompt, (t0_s - window_s, t0_s + window_s), hidden, t0_s=t0_s),
                "follow_up": coverage(name, used, later, (t0_s, t0_s + follow_s), nothing_hidden, t0_s=t0_s),
            }
            for name in FIELDS
        }
    with unit.step("fold"):
        limits: list[LimitMap] = []
        if search is not None and craft.axis is not None:
            limits = limit_maps(used, search, craft.axis, hidden)
        distance = float(asked["distance"]) or (sky.distance[0] if sky.distance else None)
        systematic = search["limits"]["response_systematic"] if search is not None else 0.0
        folds = [folded(used, one, systematic, distance, hidden) for one in limits]
    light = light_travel(used, craft.position_km)
    report: dict[str, Any] = {
        "simulated": unit.simulated or None,
        "t0": utc_of_seconds(t0_s, 6),
        "ijd": t0_s / DAY_S,
        "source": source,
        "sky_map": described(given),
        "annulus": None if ring is None else vars(ring),
        "combined": None if combined is None else described(combined),
        "distance_mpc": distance,
        "spacecraft": told_of(craft, (combined or given).sky, t0_s),
        "light_travel_s": light,
        "orientation": None if craft.axis is None else orientations((combined or given).sky.peak, craft.axis),
        "instruments": {
            "spi_acs": shield_report(search, folds, used, craft.axis, light, t0_s=t0_s),
            **{name: _merged(parts) for name, parts in covers.items()},
            "polar": _polar(str(asked["polar_zenith"]), used, t0_s),
        },
    }
    report["answers"] = sentences(report)
    report["answer"] = one_line(report["answers"])
    with unit.step("write"):
        text = json.dumps(plain(report), indent=1, allow_nan=False)
        (unit.out / SUMMARY_FILE).write_text(f"{text}\n", encoding="utf-8")
        _write_maps(unit, used, limits, covers)
        _write_regions(unit, {"region": None if source["kind"] == WHOLE_SKY else given, "combined": combined})
        standing = [one for one in (prompt.windows if prompt is not None else ()) if one.pointing]
        pointing = standing[0] if standing else None
        title = unit.title(f"{utc_of_seconds(t0_s)} UTC")
        overview = Overview(title, used, limits, earth, ring, pointing, craft.axis)
        overview.draw(unit.out / "preview.png")
    unit.summary(
        answer=report["answer"],
        area_90_deg2=report["sky_map"]["area_90_deg2"],
        covered={name: parts["prompt"].told["probability"]["covered"] for name, parts in covers.items()},
    )


def _write_regions(unit: Unit, found: Mapping[str, Credible | None]) -> None:
    """Write the credible regions; half of the whole sky is none where a source may be."""
    for name, credible in found.items():
        if credible is not None:
            for level in LEVELS:
                write_fits(unit, f"{name}_{100 * level:.0f}.moc.fits", moc_hdus(credible.moc(level)))


def _write_maps(
    unit: Unit, used: Credible, limits: Sequence[LimitMap], covers: Mapping[str, Mapping[str, Coverage]]
) -> None:
    """Write the map with limits and exposures of its cells, and the fields of view."""
    columns = {one.name: ("erg/cm**2", one.fluence) for one in limits}
    columns |= {f"{name.upper()}_EXPOSURE": ("s", parts["prompt"].seconds) for name, parts in covers.items()}
    write_fits(unit, "localisation.fits", sky_map_hdus(used.sky, columns))
    for name, parts in covers.items():
        for when, part in parts.items():
            if part.field is not None:
                write_fits(unit, f"field_{name}_{when}.moc.fits", moc_hdus(part.field))


def _search(unit: Unit) -> dict[str, Any] | None:
    """Return the report of SPI-ACS, where one was given."""
    given = unit.inputs("search")
    if not given:
        return None
    path = given[0].path("spi_acs_search.json")
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = report["limits"]["cases"][0]["factor"], report["axis"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        text = "search is no burst search of SPI-ACS of this version; run spi_acs_search again and name that job"
        raise BadInput("BadSearch", text) from error
    return report


def _t0(text: str, search: dict[str, Any] | None) -> float:
    told = text.strip() or (search or {}).get("t0") or ""
    if not told:
        raise BadInput("NoT0", "give t0, the UTC of the trigger, or a search around one")
    try:
        return seconds_of_utc(told)
    except ValueError as error:
        raise BadInput("BadT0", f"t0 {told!r} is no UTC time; write e.g. 2017-08-17T12:41:04.430") from error


def _found(index: list[Path], t0_s: float, window_s: float, follow_s: float) -> tuple[Found | None, Found | None]:
    if not index:
        return None, None
    around = windows_between(index[0], t0_s - window_s, t0_s + window_s)
    return around, windows_between(index[0], t0_s, t0_s + follow_s)


def _ring(text: str, search: dict[str, Any] | None) -> Ring | None:
    form = "RA, Dec, radius and half width (1 sigma) in degrees"
    written = written_numbers("annulus", text, (4,), form)
    if written is not None:
        if not (0 <= written[0] <= 360 and -90 <= written[1] <= 90 and 0 <= written[2] <= 180 and written[3] > 0):
            raise BadInput("BadAnnulus", f"annulus {text!r} cannot be: write {form}")
        return Ring(*written)
    annulus = ((search or {}).get("timing") or {}).get("annulus") or {}
    if "half_width_deg" not in annulus:
        return None
    return Ring(annulus["ra"], annulus["dec"], annulus["radius_deg"], annulus["half_width_deg"])


def _hidden(sky: SkyMap, earth: Disc | None) -> Flags:
    return np.zeros(sky.order.size, dtype=bool) if earth is None else earth.covers(sky.directions)


def _merged(parts: Mapping[str, Coverage]) -> dict[str, Any]:
    first = parts["prompt"].told
    names = {"title", "band"}
    return {name: first[name] for name in sorted(names)} | {
        when: {name: value for name, value in part.told.items() if name not in names} for when, part in parts.items()
    }


def _polar(zenith: str, used: Credible, t0_s: float) -> dict[str, Any]:
    """Return what POLAR could see: half of the sky around its zenith, less the Earth."""
    begin, end = (seconds_of_utc(text) for text in _POLAR)
    if not begin <= t0_s <= end:
        reason = f"POLAR took data from {_POLAR[0]} to {_POLAR[1]} (UTC)"
        return {"status": "no data", "reason": reason, "visible": None, "in_field": None}
    told: dict[str, Any] = {"status": "in operation", "reason": None, "visible": None, "in_field": None}
    place = written_numbers("polar_zenith", zenith, (2,), "RA, Dec in degrees of the zenith of Tiangong-2")
    if place is None:
        told["reason"] = "where Tiangong-2 was is not in its data: a third of the sky was behind the Earth"
        return told
    sky = used.sky
    seen = ~earth_below((place[0], place[1])).covers(sky.directions)
    up = sky.directions @ unit_vector(*place) > 0
    return told | {"visible": float(sky.probability[seen].sum()), "in_field": float(sky.probability[seen & up].sum())}
