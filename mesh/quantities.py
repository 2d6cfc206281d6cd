"""Units that a caller may write behind a number, e.g. ``0.5 MeV``; services do without the science stack.

Only exact factors between units of one kind are here; anything else is for the containers.
"""

from types import MappingProxyType

_KINDS = (
    {"eV": 1e-3, "keV": 1.0, "MeV": 1e3, "GeV": 1e6},
    {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    {"deg": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600},
    {"sigma": 1.0},
)
_FACTORS = MappingProxyType(
    {unit: (index, factor) for index, kind in enumerate(_KINDS) for unit, factor in kind.items()}
)


def known_units(unit: str) -> tuple[str, ...]:
    """Return the units that can stand in for *unit*, itself included; empty for a unit of no kind."""
    if unit not in _FACTORS:
        return ()
    return tuple(_KINDS[_FACTORS[unit][0]])


def factor(given: str, wanted: str) -> float | None:
    """Return what a number in *given* is multiplied with to be in *wanted*; None if that makes no sense."""
    if given == wanted:
        return 1.0
    if given not in _FACTORS or wanted not in _FACTORS or _FACTORS[given][0] != _FACTORS[wanted][0]:
        return None
    return _FACTORS[given][1] / _FACTORS[wanted][1]
