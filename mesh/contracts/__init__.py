"""What travels between the parts of the mesh and what is stored; JSON Schema is generated from it."""

from mesh.contracts.document import Document
from mesh.contracts.event import Failure, RunEvent, UnitEvent
from mesh.contracts.manifest import Manifest, ProductFile, Resources
from mesh.contracts.request import Analysis, Cone, Job, Lane, Selection, TimeRange
from mesh.contracts.unit import ArchiveInput, ProductInput, Unit, UnitInput

__all__ = [
    "Analysis",
    "ArchiveInput",
    "Cone",
    "Document",
    "Failure",
    "Job",
    "Lane",
    "Manifest",
    "ProductFile",
    "ProductInput",
    "Resources",
    "RunEvent",
    "Selection",
    "TimeRange",
    "Unit",
    "UnitEvent",
    "UnitInput",
]
