"""Files of one source among the products of a job: its spectrum, its light curves, and what all sources share."""

from collections.abc import Mapping
from typing import Any

from odamesh.errors import NoSuchSource


def files_of(listed: Mapping[str, tuple[str, ...]], source: str) -> tuple[str, ...]:
    """Return the files of a source, by its exact name; else by the one name that differs in blanks or capitals alone.

    Args:
        listed: source -> its files.
        source: name as a person writes it.

    Raises:
        NoSuchSource: none, or more than one; names those that there are.
    """
    if source in listed:
        return listed[source]
    alike = [name for name in listed if _plain(name) == _plain(source)]
    if len(alike) == 1:
        return listed[alike[0]]
    if alike:
        raise NoSuchSource(f"{source!r} may be any of {', '.join(map(repr, alike))}: write the name exactly")
    there = ", ".join(listed) or "none"
    raise NoSuchSource(f"there is no source {source!r} among the products; there are: {there}")


def listed_sources(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the files of each source that a product's manifest tells of."""
    entries = manifest.get("summary", {}).get("sources", ())
    return {str(entry["name"]): tuple(entry["files"]) for entry in entries if "files" in entry}


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
