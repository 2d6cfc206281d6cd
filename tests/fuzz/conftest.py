"""The ground of every fuzz."""

import pytest

from gateway.oda import endpoints as oda
from tests.fuzz.ground import Ground


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    # Polls are held while nothing changes, and here nothing does.
    monkeypatch.setattr(oda, "HOLD_SECONDS", 0.01)
    return Ground()
