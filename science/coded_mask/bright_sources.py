"""What a shadowgram of all energies shows of very bright sources: the model that pixels are to be compared with.

A source of several Crab lights some pixels more brightly than the hot ones among the others. Whoever asks which pixels
work has to know it, before any band is imaged.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.catalogue import CatalogueSource, in_field
from science.coded_mask.field import Field, FieldSource
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.geometry import Attitude
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import LEAST_CODED

_THRESHOLD = 20.0
"""Significance of sources that can matter: fainter ones light no pixel with half of the background."""
_MOST = 10


def bright_sources(
    data: Shadowgram, templates: Sequence[NDArray[np.float64]], known: Sequence[CatalogueSource], attitude: Attitude
) -> tuple[NDArray[np.float64], list[FieldSource]]:
    """Return the model counts of every pixel, detector shape, and the very bright sources that are in it.

    Args:
        data: shadowgram of all energies; pixels that are clearly hot are not live.
        templates: of its background.
        known: sources whose place is needed where too few pixels see them for a map.
        attitude: of the instrument.
    """
    sky = Field([ShadowgramFit(data, templates)])
    edge = [
        (CatalogueSource(entry.name, entry.ra, entry.dec), tz, ty)
        for entry, tz, ty in in_field(known, attitude, data.camera)
        if float(data.camera.coded_fraction(np.array(tz), np.array(ty))) < LEAST_CODED
    ]
    find_sources(sky, Candidates(edge), _THRESHOLD, _MOST)
    [fit] = sky.fits
    kept = [template for template in templates if np.any(template[data.live])]
    count = len(kept)
    model = np.tensordot(fit.parameters[:count], np.array(kept), 1)
    share = data.efficiency if data.efficiency is not None else 1.0
    for source, flux in zip(sky.sources, fit.flux, strict=True):
        model += flux * data.counts_per_flux * share * data.camera.illumination(source.tz, source.ty)
    return model, sky.sources
