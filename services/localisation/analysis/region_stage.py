"""The stage ``region``: a sky map or a circle in, its credible regions out."""

import json
from typing import Any

from mesh.kit import Unit
from mesh.kit.plain import plain
from mesh.kit.provenance import write_fits
from science.sky_maps.credible import Credible
from science.sky_maps.files import moc_hdus, sky_map_hdus
from services.localisation.analysis.picture import Picture
from services.localisation.analysis.request import asked_sky

MAP_FILE = "sky_map.fits"
REPORT_FILE = "sky_map.json"
LEVELS = (0.5, 0.9)


def run_region(unit: Unit) -> None:
    """Read, order by density, write map, regions and picture.

    Raises:
        BadInput: the map cannot be read, or the position cannot be understood.
    """
    with unit.step("read"):
        sky, source = asked_sky(unit)
    with unit.step("regions"):
        credible = Credible(sky)
        report: dict[str, Any] = {"source": source, **described(credible)}
        regions = {level: credible.moc(level) for level in LEVELS}
    for warning in _warnings(source):
        unit.warn(warning)
    with unit.step("write"):
        write_fits(unit, MAP_FILE, sky_map_hdus(sky))
        for level, moc in regions.items():
            write_fits(unit, f"region_{100 * level:.0f}.moc.fits", moc_hdus(moc))
        text = json.dumps(plain(report), indent=1, allow_nan=False)
        (unit.out / REPORT_FILE).write_text(f"{text}\n", encoding="utf-8")
        picture = Picture("Sky map")
        picture.regions(credible)
        picture.save(unit.out / "preview.png")
    unit.summary(**{name: report[name] for name in ("area_50_deg2", "area_90_deg2", "peak", "distance_mpc")})


def described(credible: Credible) -> dict[str, Any]:
    """Return what a map says, as JSON has it."""
    sky = credible.sky
    ra, dec = sky.peak
    mean_ra, mean_dec = sky.mean_direction
    return {
        "cells": int(sky.order.size),
        "area_50_deg2": credible.area_deg2(0.5),
        "area_90_deg2": credible.area_deg2(0.9),
        "peak": {"ra": ra, "dec": dec},
        "mean_direction": {"ra": mean_ra, "dec": mean_dec},
        "distance_mpc": None if sky.distance is None else {"mean": sky.distance[0], "error": sky.distance[1]},
    }


def _warnings(source: dict[str, Any]) -> list[str]:
    told = []
    if source.get("renormalised"):
        told.append(f"the probability of the map summed to {source['sum']:.5f}; it was brought to 1")
    if source.get("pixels_without_value"):
        told.append(f"{source['pixels_without_value']} pixels of the map have no value; they count as 0")
    return told
