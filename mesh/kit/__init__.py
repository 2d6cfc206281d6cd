"""What an analysis package uses inside its container: its unit of work and the ways to fail."""

from mesh.kit.failures import BadInput, ScienceFailure, Transient
from mesh.kit.unit import Input, Unit

__all__ = ["BadInput", "Input", "ScienceFailure", "Transient", "Unit"]
