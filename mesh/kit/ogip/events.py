"""Event lists that timing tools open: time, energy and any weights, as an OGIP EVENTS table.

Timing tools look for the extensions that the HEASARC's mission database names for an instrument: ``ISGR-EVTS-ALL``
and ``IBIS-GNRL-GTI`` for IBIS, ``JMX1-FULL-ALL`` and ``JMX1-GNRL-GTI`` for JEM-X, else ``EVENTS`` and ``GTI``.
"""

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import Card, Observation, ogip_cards, table


def events_hdu(
    time_s: NDArray[np.float64],
    energy_kev: NDArray[np.float32],
    observation: Observation,
    *,
    columns: dict[str, tuple[str, NDArray[np.floating]]] | None = None,
    resolution_s: float,
    name: str = "EVENTS",
    extra: tuple[Card, ...] = (),
) -> fits.BinTableHDU:
    """Return an event list.

    Args:
        time_s: seconds (TT) since MJD 51544, ascending.
        energy_kev: energy of each event; PI is the same in steps of 0.5 keV from 0, as timing tools want channels.
        observation: what was observed.
        columns: further columns, name -> (unit, values), of the precision of the values.
        resolution_s: time resolution, s.
        name: of the extension.
        extra: further keywords.
    """
    made = [
        fits.Column("TIME", "1D", unit="s", array=time_s),
        fits.Column("ENERGY", "1E", unit="keV", array=energy_kev),
        fits.Column("PI", "1J", array=np.floor(energy_kev / 0.5)),
        *(
            fits.Column(key, "1D" if values.dtype == np.float64 else "1E", unit=unit or None, array=values)
            for key, (unit, values) in (columns or {}).items()
        ),
    ]
    cards = [
        *ogip_cards("EVENTS", "ALL", version="1.0.0"),
        *observation.cards("s"),
        ("TIMEZERO", 0.0, "[s] to be added to all times"),
        ("TIMEDEL", resolution_s, "[s] time resolution"),
        ("TIMEPIXR", 0.5, "times are those of the middle of a tick"),
        *extra,
    ]
    return table(name, made, cards)
