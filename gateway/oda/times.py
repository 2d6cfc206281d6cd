"""Times in the formats that a caller of the protocol names, as UTC in ISO form."""

from gateway.oda.refusals import Misunderstood
from mesh.archive.time_formats import FORMATS, ijd_of
from mesh.archive.times import utc_from_ijd


def utc(text: str, form: str) -> str:
    """Return an instant, UTC in ISO form to the millisecond.

    Args:
        text: as the caller wrote it.
        form: name of an astropy format.

    Raises:
        Misunderstood: the text does not have the format, or there is no such format.
    """
    if form.strip().lower() not in FORMATS:
        msg = f"parameter T_format: {form[:32]!r} is not a known format; known: {', '.join(FORMATS)}"
        raise Misunderstood(msg)
    try:
        return utc_from_ijd(ijd_of(text, form), 3)
    except (ValueError, OverflowError) as error:
        reason = str(error).partition(";")[0]
        msg = f"time {text[:64]!r} cannot be read as {form}: {reason}"
        raise Misunderstood(msg) from None
