"""The picture of a localisation: limits of the whole sky, contours of the map, fields, Earth and annulus over it."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from science.sky_maps.annulus import Ring
from science.sky_maps.circle import whole_sky
from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import Floats, angle_deg, ra_dec
from services.localisation.analysis.fields import COVERED, FIELDS
from services.localisation.analysis.limits import LimitMap, limit_maps
from services.localisation.analysis.picture import Picture
from services.localisation.analysis.surroundings import Disc
from services.localisation.analysis.windows import Window

_COLOURS = {"isgri": "tab:red", "jemx": "tab:orange", "spi": "tab:purple"}
_ORDER = 5


@dataclass(frozen=True)
class Overview:
    """What there is to draw; None and nothing where it is not known.

    Args:
        title: of the picture.
        credible: regions of the map.
        limits: of SPI-ACS for the cells of the map.
        earth: as the spacecraft sees it.
        ring: timing annulus.
        pointing: the science window whose fields are drawn.
        axis: unit vector of the X axis.
    """

    title: str
    credible: Credible
    limits: list[LimitMap]
    earth: Disc | None
    ring: Ring | None
    pointing: Window | None
    axis: Floats | None

    def draw(self, path: Path) -> None:
        """Write the picture."""
        picture = Picture(self.title)
        if self.limits and self.axis is not None:
            self._limits(picture, self.limits[0], self.axis)
        picture.regions(self.credible)
        if self.pointing is not None:
            for name, field in FIELDS.items():
                seen = partial(field.response, axes=self.pointing.axes)
                picture.outline(seen, COVERED, _COLOURS[name], field.title)
        earth, ring = self.earth, self.ring
        if earth is not None:
            picture.outline(partial(_nearness, earth.direction), -earth.radius_deg, "tab:blue", "Earth")
        if ring is not None:
            picture.outline(partial(_sigmas, ring), 1.0, "tab:green", "annulus, 1 sigma")
        if self.axis is not None:
            picture.mark(*ra_dec(self.axis), "kx", "X axis")
        picture.save(path)

    def _limits(self, picture: Picture, first: LimitMap, axis: Floats) -> None:
        """Draw the limits of the whole sky, not only where the map has probability."""
        whole = whole_sky().refined(_ORDER)
        hidden = np.zeros(whole.order.size, dtype=bool) if self.earth is None else self.earth.covers(whole.directions)
        (everywhere,) = limit_maps(Credible(whole), {"limits": {"cases": [first.case]}}, axis, hidden)
        words = f"3 sigma limit, {first.spectrum} spectrum, {first.scale_s:g} s (erg/cm2, 75-2000 keV)"
        picture.values(whole, everywhere.fluence, words)


def _nearness(direction: Floats, sky: Floats) -> Floats:
    near: Floats = -angle_deg(sky, direction)
    return near


def _sigmas(ring: Ring, sky: Floats) -> Floats:
    away: Floats = np.abs(ring.distance(sky))
    return away
