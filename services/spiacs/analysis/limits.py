"""The part of the result on limits: what a burst would have needed to be seen."""

from typing import Any

from science.bursts.noise import Noise
from services.spiacs.analysis.counts_file import BIN_S
from services.spiacs.analysis.response import (
    BAND,
    HARD,
    SOFT,
    SYSTEMATIC,
    WORST,
    fluence,
    isotropic_energy,
    limit_counts,
    relative_response,
)

_CASES = ((HARD, 1.0), (SOFT, 1.0), (SOFT, 8.0))


def limits_report(rate: float, noise: Noise, angle_deg: float | None, distance_mpc: float) -> dict[str, Any]:
    """Return 3 sigma limits for the spectra and scales of the circulars.

    Args:
        rate: of the background, counts/s.
        noise: per scale.
        angle_deg: of the source to the X axis; None when it is not known: then the limits are those of the best and
            of the worst published angle.
        distance_mpc: 0 when not known.
    """
    known = None if angle_deg is None else relative_response(angle_deg)
    value = None if known is None else known.value
    entries = []
    for spectrum, scale_s in _CASES:
        ratio = float(noise.at(scale_s / BIN_S))
        counts = limit_counts(rate, ratio, scale_s)
        best, worst = (fluence(counts, spectrum, share) for share in (value or 1.0, value or WORST))
        entries.append(
            {
                "spectrum": spectrum.name,
                "model": spectrum.model,
                "factor": spectrum.factor,
                "scale_s": scale_s,
                "noise_ratio": ratio,
                "counts": counts,
                "fluence_best": best,
                "fluence_worst": worst,
                "flux_best": best / scale_s,
                "flux_worst": worst / scale_s,
                "isotropic_energy_erg": isotropic_energy(worst, distance_mpc) if distance_mpc else None,
            }
        )
    return {
        "sigma": 3,
        "band": BAND,
        "unit": "erg/cm2 (fluence), erg/cm2/s (flux)",
        "angle_deg": angle_deg,
        "relative_response": value,
        "orientation": None if known is None else known.orientation,
        "response_systematic": SYSTEMATIC,
        "cases": entries,
    }
