"""The localisation summary in one line, for a person who has no time."""

from collections.abc import Mapping
from typing import Any

from science.bursts.all_sky_response import ANGLES

_IMAGERS = ("isgri", "jemx", "spi")
_MUCH = 0.1
"""A limit that more of the map lacks says for how much it is known."""
_WORTH_TELLING = 0.04
"""Of two causes at least one has so much where both together have much."""


def one_line(told: Mapping[str, str]) -> str:
    """Return what was seen of a trigger, from the sentences of its instruments."""
    shield = () if "spi_acs" in told else ("SPI-ACS: not asked, no search of it was given",)
    return "; ".join((*shield, *told.values()))


def sentences(report: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each instrument: what it saw, or that there are no data, and why.

    SPI-ACS has none where no search of it was given.
    """
    instruments = report["instruments"]
    shield = {"spi_acs": _shield(instruments["spi_acs"])} if instruments["spi_acs"]["status"] == "observed" else {}
    return shield | {name: _imager(instruments[name]) for name in _IMAGERS}


def _imager(one: Mapping[str, Any]) -> str:
    prompt, later = one["prompt"], one["follow_up"]
    if prompt["windows_total"]:
        told = f"{_percent(prompt['probability']['covered'])} of the map in view {_when(prompt)}"
    else:
        # What stands behind the colon are neighbours in time, which the report has room for.
        told = f"no data at T0 ({prompt['reason'].partition(': ')[0]})"
    if later["windows_total"]:
        of_the_map = "" if prompt["windows_total"] else " of the map in view"
        told += f", {_percent(later['probability']['covered'])}{of_the_map} later"
    return f"{one['title']}: {told}"


def _when(prompt: Mapping[str, Any]) -> str:
    return "at T0" if prompt["at_t0"] else "around T0, but not at T0 itself"


def _percent(share: float) -> str:
    """Return a share as text: nothing and all of it only where that is so."""
    if share <= 0:
        return "0 %"
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.3g} %"


def _shield(shield: Mapping[str, Any]) -> str:
    told = "no excess"
    if shield["excesses"]:
        best = shield["excesses"][0]
        words = best["association"] or "association not known"
        fap = best["fap_measured"] if best["fap_measured"] is not None else best["fap_published"]
        told = f"S/N {best['snr']:.1f} at T0{best['t_minus_t0_s']:+.2f} s in {best['scale_s']:g} s"
        told += f", FAP {fap:.2g} ({words})"
    if shield["missing_at_t0"]:
        told = f"no data at T0 itself ({shield['missing_at_t0']}), around it {told}"
    hard = next((one for one in shield["by_direction"] if one["spectrum"] == "hard"), None)
    return f"SPI-ACS: {told}" if hard is None else f"SPI-ACS: {told}; {_limit(shield, hard)}"


def _limit(shield: Mapping[str, Any], hard: Mapping[str, Any]) -> str:
    """Return the limit on a hard burst, folded with the map, or why there is none of the map."""
    burst = f"hard, {hard['scale_s']:g} s, 75-2000 keV"
    fold = next((one for one in shield["limits"] if one["spectrum"] == "hard"), None)
    if fold is None:
        span = f"{hard['best']:.1e} to {hard['worst']:.1e} erg/cm2"
        return f"3 sigma limit {span}, by a direction that is not known ({burst}; {shield['reason']})"
    region = fold["region_50"] or fold["region_90"]
    if region is None:
        return f"no limit of the map ({_why_not(fold)}), {hard['best']:.1e} erg/cm2 from the best direction ({burst})"
    lacking = float(fold["probability_without_limit"])
    told = f"3 sigma limit {region['median']:.1e} erg/cm2 ({burst})"
    return told if lacking <= _MUCH else f"{told} for {_percent(1 - lacking)} of the map ({_why_not(fold)})"


def _why_not(fold: Mapping[str, Any]) -> str:
    """Say why a limit is not known for a part of a map, or all of it."""
    hidden = float(fold["probability_behind_earth"])
    unpublished = float(fold["probability_without_limit"]) - hidden
    why = []
    if unpublished > _WORTH_TELLING:
        where = f"nearer to the X axis than {ANGLES[0]:g} deg or farther than {ANGLES[1]:g} deg"
        why.append(f"{_percent(unpublished)} of it is {where}, where no response is published")
    if hidden > _WORTH_TELLING:
        why.append(f"{_percent(hidden)} of it is behind the Earth")
    return " and ".join(why)
