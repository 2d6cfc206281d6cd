"""`odamesh transients`: fills the gallery with the gravitational-wave events of the first two observing runs."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.transients.follow import is_not_in_archive, settled_record
from infra.transients.known import KNOWN, KnownTransient, MapsMissing, find_maps
from infra.transients.simulated_days import Day, simulate_day
from mesh.settings import Settings
from odamesh.command_line import Url, console, errors, operators_part, say
from odamesh.configuration import configured
from odamesh.errors import WrongValue
from odamesh.kept_tokens import token_for
from odamesh.transport import API, DEFAULT_URL, Transport, address_of

app = operators_part("Fill the gallery of transients with known events.")
_SEEN_SECONDS = 31.0
"""The services look every half a minute at what an archive has."""


@app.callback()
def transients() -> None:
    """Fill the gallery of transients with known events."""


@app.command()
def seed(
    maps: Annotated[
        Path, typer.Option(help="Directory with the sky maps of GWTC-1, in it or below.", show_default=False)
    ],
    archive: Annotated[
        str | None, typer.Option(envvar="ODAMESH_ARCHIVE", help="Directory of the archive.", show_default="the mesh's")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the last record of each event, and print its answer.")] = True,
    url: Url = None,
) -> None:
    """Simulate SPI-ACS of the hours around the seven GW events of O1 and O2, and post them with their sky maps.

    What is there stays: data of the archive that were measured, days that are simulated, notices that came before.
    So it can be begun again after a failure, and a second time it does nothing.
    """
    with errors():
        try:
            found = find_maps(maps)
        except MapsMissing as error:
            raise WrongValue(str(error)) from error
        place = _directory(archive or Settings().archive_location)
        address = address_of(url or configured("url") or DEFAULT_URL)
        transport = Transport(address, token=token_for(address))
        transport.get(API)  # before anything is written
        for one in KNOWN:
            _say_day(one, simulate_day(place, one.scenario))
        receipts = {
            one.event_key: transport.post_bytes(f"{API}/alerts", one.with_map(found[one.event_key])) for one in KNOWN
        }
        for one in KNOWN:
            _say_receipt(one, receipts[one.event_key])
        if wait:
            for one in KNOWN:
                receipt_id = str(receipts[one.event_key]["receipt_id"])
                say(console(), _record(transport, one, receipt_id)["answer"])


def _directory(archive: str) -> Path:
    if "://" in archive:
        text = f"the simulated data go into a directory, and the archive is {archive}: give one with --archive"
        raise WrongValue(text)
    return Path(archive)


def _record(transport: Transport, one: KnownTransient, receipt_id: str) -> dict[str, Any]:
    """Return the last record of an event; where the services had not seen the new data yet, it is looked at again."""
    record = settled_record(transport, one.event_key, receipt_id=receipt_id)
    if is_not_in_archive(record, "spiacs"):
        time.sleep(_SEEN_SECONDS)
        transport.post(f"{API}/alerts/replay", {"event": one.event_key, "reason": "the archive has more data"}, {})
        time.sleep(1.0)
        record = settled_record(transport, one.event_key, receipt_id=receipt_id)
    return record


def _say_day(one: KnownTransient, before: Day) -> None:
    told = {
        Day.ABSENT: "its hours in SPI-ACS are simulated now",
        Day.SIMULATED: "its hours in SPI-ACS were simulated before",
        Day.MEASURED: "the archive has measured data of SPI-ACS of its hours: they stay",
    }
    say(console(), f"{one.names[0]}: {told[before]}")


def _say_receipt(one: KnownTransient, receipt: dict[str, Any]) -> None:
    before = "came before" if receipt["duplicate"] else "posted"
    say(console(), f"{one.names[0]}: {before}, {receipt['event_key']}, receipt {receipt['receipt_id']}")
    for remark in receipt["remarks"]:
        say(console(), f"note: {remark}", "yellow")
