"""The part of the demo on alerts: GW170817 is posted, and the mesh says in one line what SPI-ACS saw of it."""

from pathlib import Path

from rich.console import Console

from infra.transients.follow import settled_record
from infra.transients.known import GW170817
from odamesh.transport import API, Transport

_CIRCLE = {"ra": 196.304, "dec": -21.302, "ra_dec_error": 2.27, "containment_probability": 0.9}
"""A circle around the peak of the sky map with the area of its 90 % region, 16.2 deg2: the map itself is not here."""
_PATIENCE_SECONDS = 300.0


def simulate_merger(archive: Path) -> None:
    """Simulate the hours around the merger in SPI-ACS; what the archive of the demo has was simulated."""
    from infra.transients.simulated_days import simulate_day  # noqa: PLC0415  # numpy only where it is needed

    simulate_day(archive, GW170817.scenario, own=True)


def show_transient(url: str, console: Console) -> bool:
    """Post GW170817, print what its record says, and tell whether SPI-ACS saw the burst."""
    transport = Transport(url)
    receipt = transport.post_bytes(f"{API}/alerts", GW170817.notice(**_CIRCLE))
    record = settled_record(
        transport, receipt["event_key"], receipt_id=receipt["receipt_id"], seconds=_PATIENCE_SECONDS
    )
    console.print(record["answer"], soft_wrap=True, markup=False, highlight=False)
    console.print(f"this event on the web page: {url}/transients/{receipt['event_key']}")
    return any(
        abs(row["t_minus_t0_s"] - 1.9) < 0.5
        for part in record["instruments"]
        for one in part["analyses"]
        for row in one["results"].get("excesses") or ()
    )
