"""Positions of sources in the form of ``resolve_name``."""

from typing import Any
from urllib.parse import quote_plus

from gateway.names.catalogue import Ambiguous
from gateway.names.names import Names, NotResolved
from gateway.oda.refusals import Misunderstood

_LONGEST = 128
_LISTED = 10
_PAGE = "https://simbad.cds.unistra.fr/simbad/sim-id?Ident="
"""A page about the object; only a link: nobody asks there."""


def position(names: Names, name: str) -> dict[str, Any]:
    """Return what the protocol tells of a name; of one that cannot be resolved only the message says why.

    Raises:
        Misunderstood: there is no name, or it is too long for one.
    """
    asked = name.strip()
    if not 0 < len(asked) <= _LONGEST:
        msg = f"parameter name: give the name of a source, at most {_LONGEST} letters, e.g. name=GX 1%2B4"
        raise Misunderstood(msg)
    try:
        found = names.find(asked.replace("_", " "))
    except NotResolved as error:
        return {"name": asked, "message": f"{asked} could not be resolved: {error}"}
    except Ambiguous as error:
        listed = ", ".join(error.names[:_LISTED])
        return {"name": asked, "message": f"{asked} could not be resolved: it may be any of {listed}"}
    return {
        "name": found.name,
        "RA": found.ra,
        "DEC": found.dec,
        "have_coordinates": True,
        "object_ids": [found.name, *found.other_names],
        "object_type": found.kind or None,
        "entity_portal_link": _PAGE + quote_plus(found.name),
        "message": f"{asked} successfully resolved",
    }
