"""What lists show of an event: its line in the index, from its record; pure."""

from typing import Any

from mesh.contracts.transient import TransientRecord

_PICTURE = "preview.png"


def summary_of(record: TransientRecord, received: str) -> dict[str, Any]:
    """Return the line of an event.

    Args:
        record: its newest one.
        received: when its newest notice came, UTC.
    """
    done = [one for one in record.localisation if one.state == "COMPLETED"]
    area = next((one.results.get("sky_map", {}).get("area_90_deg2") for one in reversed(done)), None)
    return {
        "event_key": record.event_key,
        "names": list(record.names),
        "state": record.state,
        "test": record.test,
        "simulated": record.simulated,
        "messenger": record.messenger.value,
        "trigger_time": record.trigger_time,
        "received": received,
        "version": record.version,
        "answer": record.answer,
        "association": record.association,
        "significant": record.significant,
        "instruments": {one.instrument: one.status for one in record.instruments},
        "area_90_deg2": area,
        "picture": picture_of(record),
    }


def picture_of(record: TransientRecord) -> str:
    """Return the key of the product that holds the picture of the whole sky; empty while there is none."""
    for analysis in reversed(record.localisation):
        for product in analysis.products:
            if product.stage == "localise" and any(file.name == _PICTURE for file in product.files):
                return product.key
    return ""
