"""The model of the instrument: the figures of `data/model.toml`, with names and types."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Model:
    """Figures of JEM-X; see `data/model.toml` for what each is and how sure it is. Lengths in mm, energies in keV."""

    mask_order: int
    cell_mm: float
    mask_diameter_mm: float
    height_mm: float
    thickness_mm: float
    turned_deg: float
    mirrored: bool
    shift_mm: tuple[float, float]
    collimator_zero_deg: float
    radius_mm: float
    position_mm: float
    energy_factor: float
    energy_kev: float
    area: tuple[tuple[float, ...], tuple[float, ...]]
    channels: tuple[int, float, float, int, float, int]
    mounting: tuple[tuple[float, float], tuple[float, float]]
    rejected_status: int
    anode_status: int
    hot_spot_status: int
    xenon_kev: float
    gain_tolerance: float
    statuses: tuple[tuple[str, str], ...]

    def area_cm2(self, energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Effective area on axis, behind mask and collimator."""
        return np.interp(energy_kev, *self.area)

    def position_fwhm_mm(self, energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Position resolution along one axis."""
        return np.asarray(self.position_mm * np.sqrt(10.0 / np.clip(energy_kev, 2.5, 40.0)))

    def energy_fwhm_kev(self, energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy resolution."""
        return np.asarray(self.energy_factor * energy_kev * np.sqrt(1.0 / energy_kev + 1.0 / self.energy_kev))

    def channel_edges_kev(self) -> NDArray[np.float64]:
        """Lower edges of the 256 PI channels and the upper edge of the last, ascending from above 0.

        Channels are narrow and equal up to ``first_wide``; from there on their width grows by the same amount from
        each to the next, such that the last good one ends where it should. Where this would fall below one narrow
        channel above zero, the first channels share what is left.
        """
        first_wide, wide_from, narrow, last, last_kev, _ = self.channels
        number = np.arange(257.0)
        beyond = np.maximum(number - first_wide, 0.0)
        steps = last + 1.0 - first_wide
        growth = 2.0 * (last_kev - wide_from - narrow * steps) / steps**2
        edges = wide_from + narrow * (number - first_wide) + growth / 2.0 * beyond**2
        low = edges < narrow
        edges[low] = narrow * (number[low] + 1.0) / (low.sum() + 1.0)
        return np.asarray(edges)


def read_model(text: str) -> Model:
    """Return the model that a TOML text describes."""
    tables: dict[str, Any] = tomllib.loads(text)
    mask, layout, channels = tables["mask"], tables["mask_layout"], tables["channels"]
    return Model(
        mask_order=mask["order"],
        cell_mm=mask["cell_mm"],
        mask_diameter_mm=mask["diameter_mm"],
        height_mm=mask["height_mm"],
        thickness_mm=mask["thickness_mm"],
        turned_deg=layout["turned_deg"],
        mirrored=layout["mirrored"],
        shift_mm=tuple(layout["shift_mm"]),
        collimator_zero_deg=tables["collimator"]["zero_deg"],
        radius_mm=tables["detector"]["radius_mm"],
        position_mm=tables["resolution"]["position_mm_at_10_kev"],
        energy_factor=tables["resolution"]["energy_factor"],
        energy_kev=tables["resolution"]["energy_kev"],
        area=(tuple(tables["area"]["kev"]), tuple(tables["area"]["cm2"])),
        channels=(
            channels["first_wide"],
            channels["wide_from_kev"],
            channels["narrow_kev"],
            channels["last_good"],
            channels["last_good_kev"],
            channels["first_good"],
        ),
        mounting=(tuple(tables["mounting"]["jmx1"]), tuple(tables["mounting"]["jmx2"])),
        rejected_status=tables["events"]["rejected_status"],
        anode_status=tables["events"]["anode_status"],
        hot_spot_status=tables["events"]["hot_spot_status"],
        xenon_kev=tables["gain"]["xenon_kev"],
        gain_tolerance=tables["gain"]["tolerance"],
        statuses=tuple((name, str(table["status"])) for name, table in tables.items()),
    )


@cache
def model() -> Model:
    """Return the model in the package."""
    return read_model(files("services.jemx.analysis").joinpath("data/model.toml").read_text(encoding="utf-8"))
