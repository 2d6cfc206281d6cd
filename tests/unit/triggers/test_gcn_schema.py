"""Notices of instruments hold to the core of GCN's unified schema, as its npm package has it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from mesh.contracts.alert import Deed
from mesh.contracts.schema import schema_file
from mesh.contracts.transient import FollowUpNotice
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.triggers.alert_world import AlertWorld
from tests.unit.triggers.test_triggers import Queues, notice

_PACKAGE = Path(__file__).parents[3] / "gateway/web/node_modules/@nasa-gcn/schema"
_CORE = ("AdditionalInfo", "Alert", "DateTime", "Event", "FollowUp", "Reporter", "Spectral", "Statistics")
_OWN = {"schema", "data_status", "data_status_reason", "simulated", "excesses", "limiting_fluences", "coverage"} | {
    "orientation",
    "provenance",
    "products",
}


@cache
def _schemas() -> dict[str, Any]:
    """Return the schemas of the core by name."""
    core = _PACKAGE / "gcn/notices/core"
    if not core.is_dir():
        pytest.skip(f"the package @nasa-gcn/schema is not in {_PACKAGE.parent}: run infra/build_page.sh")
    return {path.name.partition(".")[0]: json.loads(path.read_text()) for path in core.glob("*.schema.json")}


def _published(*, simulated: bool = False, test: bool = False) -> list[dict[str, Any]]:
    """Return all notices of an event from its first record to its retraction."""
    world = AlertWorld(MemoryObjects(), Queues())
    world.data.status = {"spiacs": "data", "isgri": "no-data", "jemx": "unknown", "polar": "data"}
    world.data.simulated = "odamesh simulator" if simulated else ""
    limit = {"spectrum": "hard", "scale_s": 1.0, "region_50": {"median": 4e-7}}
    window = {"scw": "185100010010.001", "begin_utc": "x", "data": True, "probability": {"covered": 0.5}}
    covered = {"status": "observed", "probability": {"covered": 0.5}, "windows_total": 1, "windows": [window]}
    world.localisation = {
        "answer": "seen",
        "orientation": {"spi_acs": {"angle_deg": 105.0, "share_of_best": 0.4, "words": "suppressed"}},
        "instruments": {"spi_acs": {"limits": [limit]}, "isgri": {"title": "IBIS/ISGRI", "follow_up": covered}},
    }
    world.post(
        notice(ra=10, dec=20, ra_dec_error=1, event_name="GRB230518A", alert_tense="test" if test else "current")
    )
    for _ in range(5):
        world.run()
        world.mesh.finish()
    world.want("mission:1", Deed.RETRACT)
    world.run()
    bodies = [json.loads(one.body) for one in world.broker.waiting if one.exchange == "mesh.transients"]
    return [one for one in bodies if one["schema"] == FollowUpNotice.SCHEMA]


@pytest.mark.parametrize("kind", [{}, {"simulated": True}, {"test": True}], ids=str)
def test_every_notice_holds_to_the_core_of_the_schema(kind: dict[str, bool]) -> None:
    schemas = _schemas()
    resources = [(one["$id"], Resource.from_contents(one)) for one in schemas.values()]
    registry: Any = Registry().with_resources(resources)
    bodies = _published(**kind)
    assert {one["alert_type"] for one in bodies} == {"initial", "update", "retraction"}
    assert any(one["limiting_fluences"] and one["orientation"] for one in bodies)
    assert any(one["coverage"] for one in bodies if one["instrument"] == "IBIS/ISGRI")
    known = {name for core in _CORE for name in schemas[core]["properties"]}
    for body in bodies:
        for core in _CORE:
            Draft202012Validator(schemas[core], registry=registry).validate(body)
        assert body.keys() - known == _OWN & body.keys(), "a field is of the core, or one of ours"
        own = json.loads(schema_file(FollowUpNotice).read_text())
        Draft202012Validator(own).validate(body)
        assert len(json.dumps(body)) < 20_000


def test_the_core_refuses_what_it_does_not_have() -> None:
    schema = _schemas()["Alert"]
    assert not Draft202012Validator(schema).is_valid({"alert_type": "rumour"})
