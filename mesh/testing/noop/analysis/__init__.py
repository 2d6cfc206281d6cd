"""The drill analysis: a tiny product for each window, or a chosen misfortune."""

from collections.abc import Callable

from mesh.kit import Unit
from mesh.testing.noop.analysis.stages import merge, window

STAGES: dict[str, Callable[[Unit], None]] = {"window": window, "merge": merge}
