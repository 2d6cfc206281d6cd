"""Revolutions of times in the form of ``get_revnum``."""

from gateway.archive import GatewayArchive, NoArchive
from gateway.instants import WrongTime, read_time
from gateway.oda.refusals import Misunderstood
from mesh.clock import utc_now

_LONGEST = 128


def revolution(archive: GatewayArchive, text: str) -> dict[str, int]:
    """Return the revolution of INTEGRAL at a time; without one, of now.

    Args:
        archive: knows which windows revolutions have.
        text: the time, in any form that this mesh takes.

    Raises:
        Misunderstood: it is no time, or the archive has nothing near it.
    """
    try:
        found = read_time(text.strip()[:_LONGEST] or utc_now().removesuffix("Z"), "", "utc", archive)
    except (WrongTime, NoArchive) as error:
        msg = f"parameter time_to_convert: {error}"
        raise Misunderstood(msg) from None
    number = found.start[1]
    if number is None:
        msg = f"parameter time_to_convert: {found.note}"
        raise Misunderstood(msg)
    return {"revnum": number}
