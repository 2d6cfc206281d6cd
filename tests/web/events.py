"""Events with their records, as the triggers service would store them."""

import json
from typing import Any

from mesh.alerts.instants import unix_seconds
from mesh.contracts import StageProduct
from mesh.contracts.alert import AlertEvent
from mesh.contracts.notice import Messenger
from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord
from services.triggers.summary import summary_of
from tests.unit.gateway.guarded import Guarded

T0 = "2017-08-17T12:41:04.430Z"
_RECEIVED = "2024-01-01T00:00:00.000Z"


def notice_of(number: str) -> bytes:
    """Return a notice in GCN's unified schema."""
    return json.dumps({"mission": "Drill", "id": [number], "trigger_time": T0}).encode()


def record_of(event_key: str, **fields: Any) -> TransientRecord:
    """Return a record of an event of today, of which there are no data."""
    polar = InstrumentRecord(
        instrument="polar",
        title="POLAR",
        status="no-data",
        reason="NotOperating",
        text="no data: POLAR was not operating at that time: its operations ended on 2017-04-01",
    )
    content: dict[str, Any] = {
        "event_key": event_key,
        "version": 1,
        "made": "2024-01-01T00:00:01.000Z",
        "state": "ACTIVE",
        "answer": "no data of POLAR (operations ended on 2017-04-01).",
        "test": False,
        "messenger": Messenger.GRB,
        "versions": (),
        "trigger_time": T0,
        "instruments": (polar,),
    }
    return TransientRecord.model_validate({**content, **fields})


def merger(curve: StageProduct, overview: StageProduct) -> TransientRecord:
    """Return the record of a merger of neutron stars that SPI-ACS saw.

    Args:
        curve: light curve of SPI-ACS.
        overview: files of the localisation.
    """
    limit: dict[str, Any] = {
        "spectrum": "hard",
        "model": "cut-off power law",
        "scale_s": 1.0,
        "sigma": 3,
        "band": "75-2000 keV",
    }
    limit |= {"region_50": {"min": 3e-7, "median": 4e-7, "max": 5e-7}, "region_90": None}
    limit |= {"probability_without_limit": 0.0, "isotropic_energy_erg": 7e46}
    covered: dict[str, Any] = {
        "instrument": "isgri",
        "title": "IBIS/ISGRI",
        "when": "prompt",
        "status": "observed",
        "reason": None,
    }
    covered |= {
        "probability": {"covered": 0.31, "half_coded": 0.2, "fully_coded": 0.0},
        "windows_total": 1,
        "windows": [],
        "reason": None,
    }
    excess: dict[str, Any] = {
        "utc": "2017-08-17T12:41:06.380",
        "t_minus_t0_s": 1.95,
        "scale_s": 0.1,
        "snr": 4.6,
        "counts": 80.0,
    }
    excess |= {"fap_published": 0.002, "fap_measured": 0.003, "spike": False, "association": "likely associated"}
    acs = InstrumentRecord(
        instrument="spiacs",
        title="INTEGRAL SPI-ACS",
        status="data",
        reason="Available",
        text="the archive has data of INTEGRAL SPI-ACS",
        simulated="a simulation",
        analyses=(
            Analysis(product="spi_acs_search", state="COMPLETED", job_id="0" * 32, results={"excesses": [excess]}),
            Analysis(product="spi_acs_lc", state="COMPLETED", job_id="1" * 32, products=(curve,)),
        ),
    )
    told = {
        "answer": "SPI-ACS: S/N 4.6 at T0+1.95 s",
        "sky_map": {"area_50_deg2": 5.0, "area_90_deg2": 16.2, "peak": {"ra": 197.45, "dec": -23.38}},
        "coverage": [covered],
        "limits": [limit],
    }
    found = Analysis(product="localisation", state="COMPLETED", job_id="2" * 32, results=told, products=(overview,))
    (polar,) = record_of("lvk:G298048").instruments
    return record_of(
        "lvk:G298048",
        names=("GW170817",),
        messenger=Messenger.GW,
        answer="GW GW170817: SPI-ACS: S/N 4.6 at T0+1.95 s; no data of POLAR (operations ended on 2017-04-01).",
        instruments=(acs, polar),
        localisation=(found,),
        association="likely associated",
        simulated=True,
    )


def enter(gateway: Guarded, record: TransientRecord, **fields: Any) -> None:
    """Play the triggers service: store an event with its record, and enter it in the index."""
    event = AlertEvent(event_key=record.event_key, version=record.version, **fields)
    gateway.alert_intake.alerts.change_event(record.event_key, lambda _: event)
    gateway.alert_intake.alerts.put_record(record)
    trigger = unix_seconds(record.trigger_time or _RECEIVED)
    gateway.alert_index.lines.append({**summary_of(record, _RECEIVED), "trigger": trigger})
    gateway.alert_index.names |= dict.fromkeys(record.names, record.event_key)
