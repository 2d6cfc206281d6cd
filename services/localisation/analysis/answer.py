"""The localisation summary in one line, for a person who has no time."""

from collections.abc import Mapping
from typing import Any


def one_line(report: Mapping[str, Any]) -> str:
    """Return what was seen of a trigger, one sentence an instrument."""
    parts = [_shield(report["instruments"]["spi_acs"])]
    for name in ("isgri", "jemx", "spi"):
        one = report["instruments"][name]
        prompt, later = one["prompt"], one["follow_up"]
        if prompt["status"] in ("no data", "unknown", "slewing"):
            told = f"{one['title']}: {prompt['status']} at T0"
        else:
            told = f"{one['title']}: {_percent(prompt['probability']['covered'])} of the map in view at T0"
        if later["windows_total"]:
            told += f", {_percent(later['probability']['covered'])} later"
        parts.append(told)
    return "; ".join(parts)


def _percent(share: float) -> str:
    """Return a share as text: nothing and all of it only where that is so."""
    if share <= 0:
        return "0 %"
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.3g} %"


def _shield(shield: Mapping[str, Any]) -> str:
    if shield["status"] != "observed":
        return f"SPI-ACS: {shield['status']}"
    told = "SPI-ACS: no excess"
    if shield["excesses"]:
        best = shield["excesses"][0]
        words = best["association"] or "association not known"
        fap = best["fap_measured"] if best["fap_measured"] is not None else best["fap_published"]
        told = f"SPI-ACS: S/N {best['snr']:.1f} at T0{best['t_minus_t0_s']:+.2f} s in {best['scale_s']:g} s"
        told += f", FAP {fap:.2g} ({words})"
    hard = next((one for one in shield["limits"] if one["spectrum"] == "hard" and one["region_50"]), None)
    if hard is not None:
        told += f"; 3 sigma limit {hard['region_50']['median']:.1e} erg/cm2 (hard, {hard['scale_s']:g} s, 75-2000 keV)"
    return told
