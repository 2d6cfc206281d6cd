"""Versions of OSA, the analysis software of the public service, as callers name them: a mistake in one is told."""

import re

from gateway.oda.refusals import Forbidden, Misunderstood

VERSIONS = ("OSA10.2", "OSA11.2")
_MODIFIERS = ("--fullbkg", "--jemxnrt", "--rmfoffsetv1")
_VERSION = re.compile(r"(OSA[0-9]+\.[0-9]+)((?:-[A-Za-z0-9.]+)*)((?:--[A-Za-z0-9]+)*)")


def check_version(text: str) -> None:
    """Return if the public service has a version: OSA10.2 or OSA11.2, with modifiers in their order.

    Raises:
        Misunderstood: there is none of the name.
        Forbidden: it is one under development.
    """
    found = _VERSION.fullmatch(text)
    if found is None or found[1] not in VERSIONS:
        later = "; it has what 11.0 and 11.1 had" if found is not None and found[1].startswith("OSA11.") else ""
        msg = f"parameter osa_version: {text[:64]!r} is no version; allowed: {', '.join(VERSIONS)}{later}"
        raise Misunderstood(msg)
    if found[2]:
        msg = f"osa_version {text[:64]} is not possible here: there are no versions under development"
        raise Forbidden(msg)
    modifiers = re.findall("--[A-Za-z0-9]+", found[3])
    if modifiers != [one for one in _MODIFIERS if one in modifiers]:
        msg = f"parameter osa_version: {found[3][:64]!r}: known are {', '.join(_MODIFIERS)}, in this order, each once"
        raise Misunderstood(msg)
