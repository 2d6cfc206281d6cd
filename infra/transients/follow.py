"""Waits for what the mesh says of an event: the record after its last analysis has ended."""

import time
from collections.abc import Mapping
from typing import Any

from odamesh.errors import NoSuchThing, OdameshError
from odamesh.transport import API, Transport

_PAUSE_SECONDS = 0.5
_NOT_IN_ARCHIVE = "NotInArchive"


class NotSettled(OdameshError):
    """Something of an event was still under way when nobody wanted to wait any longer."""


def settled_record(transport: Transport, event_key: str, *, receipt_id: str, seconds: float = 600.0) -> dict[str, Any]:
    """Return the record of an event once a notice is part of it and nothing of it is under way any more.

    Raises:
        NotSettled: that takes longer than is waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        if _has_record(transport, event_key, receipt_id):
            record: dict[str, Any] = transport.get(f"{API}/alerts/events/{event_key}/record")
            if _is_settled(record):
                return record
        if time.monotonic() > deadline:
            raise NotSettled(f"{event_key} is not done after {seconds:g} s; its record goes on: odamesh alerts show")
        time.sleep(_PAUSE_SECONDS)


def _has_record(transport: Transport, event_key: str, receipt_id: str) -> bool:
    """Say whether there is a record that knows of a notice; the first one of an event is taken up after its answer."""
    try:
        event = transport.get(f"{API}/alerts/events/{event_key}")
    except NoSuchThing:
        return False
    return bool(event["record"]) and any(one["receipt_id"] == receipt_id for one in event["versions"])


def _is_settled(record: Mapping[str, Any]) -> bool:
    parts = record["instruments"]
    with_data = any(one["status"] == "data" or one["later"] or one["analyses"] for one in parts)
    analyses = [one for part in parts for one in part["analyses"]] + record["localisation"]
    if any(one["state"] == "waiting" for one in analyses):
        return False
    # The localisation is asked for when the search has ended; the record between the two says nothing of it.
    return bool(record["localisation"]) or not with_data


def is_not_in_archive(record: Mapping[str, Any], instrument: str) -> bool:
    """Say whether a record tells that the archive has no data of an instrument."""
    return any(one["instrument"] == instrument and one["reason"] == _NOT_IN_ARCHIVE for one in record["instruments"])
