"""The drill analysis: a tiny product for each window, or a chosen misfortune."""

from collections.abc import Callable

from mesh.kit import Unit
from noop_analysis.stages import merge, window

STAGES: dict[str, Callable[[Unit], None]] = {"window": window, "merge": merge}
