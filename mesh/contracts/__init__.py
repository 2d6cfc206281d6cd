"""What travels between the parts of the mesh and what is stored; JSON Schema is generated from it."""

from mesh.contracts.account import Account, ApiToken, TokenUse, TrailEntry, TrailPage
from mesh.contracts.allowance import Allowance, Allowances
from mesh.contracts.cancel import CancelJob, CancelUnits, DeleteJob
from mesh.contracts.document import Document
from mesh.contracts.event import Failure, RunEvent, UnitEvent
from mesh.contracts.keeping import EvictedProduct, Pin
from mesh.contracts.letter import SendAgain
from mesh.contracts.link import Link
from mesh.contracts.log import FollowLog, LogText
from mesh.contracts.manifest import Manifest, ProductFile, Resources
from mesh.contracts.request import Analysis, Cone, Job, Lane, Selection, TimeRange
from mesh.contracts.result import JobEnd, RowPage, RunResult
from mesh.contracts.unit import (
    ArchiveInput,
    InputList,
    PackedUnit,
    ProductInput,
    Unit,
    UnitInput,
    UnitParameters,
    UploadInput,
    read_unit,
)
from mesh.contracts.view import JobView, StageProduct, UnitRow

__all__ = [
    "Account",
    "Allowance",
    "Allowances",
    "Analysis",
    "ApiToken",
    "ArchiveInput",
    "CancelJob",
    "CancelUnits",
    "Cone",
    "DeleteJob",
    "Document",
    "EvictedProduct",
    "Failure",
    "FollowLog",
    "InputList",
    "Job",
    "JobEnd",
    "JobView",
    "Lane",
    "Link",
    "LogText",
    "Manifest",
    "PackedUnit",
    "Pin",
    "ProductFile",
    "ProductInput",
    "Resources",
    "RowPage",
    "RunEvent",
    "RunResult",
    "Selection",
    "SendAgain",
    "StageProduct",
    "TimeRange",
    "TokenUse",
    "TrailEntry",
    "TrailPage",
    "Unit",
    "UnitEvent",
    "UnitInput",
    "UnitParameters",
    "UnitRow",
    "UploadInput",
    "read_unit",
]
