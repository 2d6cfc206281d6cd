"""An instrument's service is made of its file alone."""

from pathlib import Path
from typing import Any

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from mesh.broker.broadcast import Listen
from mesh.broker.consumer import Consume
from mesh.contracts.request import Lane
from mesh.errors import ContractViolation
from mesh.service.instrument_service import instrument_service

_ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("folder", "name"), [("services/isgri", "isgri"), ("mesh/testing/noop", "noop")])
def test_every_lane_has_its_queue(folder: str, name: str) -> None:
    service: Any = instrument_service(_ROOT / folder / "instrument.toml")

    handlers = [getattr(service, lane.value) for lane in Lane]
    found = [next(iter(getattr(handler, ENTRYPOINT_EXTENSIONS_ATTR))) for handler in handlers]
    assert [entry.queue for entry in found] == [f"units.{name}.{lane.value}" for lane in Lane]
    assert all(type(entry) is Consume for entry in found)
    assert isinstance(next(iter(getattr(service.control, ENTRYPOINT_EXTENSIONS_ATTR))), Listen)
    assert service.name == name


def test_a_file_with_a_mistake_makes_no_service(tmp_path: Path) -> None:
    file = tmp_path / "instrument.toml"
    file.write_text('name = "broken"\n')

    with pytest.raises(ContractViolation, match="title"):
        instrument_service(file)
