"""Names of the science windows that the archive under test holds."""

GALACTIC_CENTRE = [f"2016{pointing:04d}0010" for pointing in range(27, 33)]
TRUNCATED, EMPTY, NO_EVENTS = "201600330010", "201600340010", "201600350010"
ABSENT = "201600990010"


def drill_windows(count: int) -> list[str]:
    """Well-formed ids for the drill instrument, which reads no archive."""
    return [f"0016{index // 100 + 1:04d}{index % 100:03d}0" for index in range(count)]
