"""An instrument whose folder has a mistake, beside those of the project."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from mesh import instruments
from mesh.instruments import Instruments

FAULT = "services/veto/instrument.toml: limits.slots: it is missing"


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Make the folder of an instrument a wrong one for the block."""
    good = {one: found for one, found in instruments.instruments().items() if one != name}
    with mock.patch.object(instruments, "known_instruments", lambda: Instruments(good, {name: FAULT})):
        yield
