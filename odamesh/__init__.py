"""What a user installs: the Python client and the `odamesh` command.

>>> import odamesh
>>> mesh = odamesh.connect()
>>> job = mesh.isgri.image(scws=["201600270010"], bands=[(20, 40)])
>>> job.download("results")
"""

from importlib.metadata import PackageNotFoundError, version

from odamesh.async_client import AsyncMesh, connect_async
from odamesh.async_job import AsyncJob
from odamesh.client import Mesh, connect
from odamesh.errors import (
    AmbiguousId,
    DamagedDownload,
    FieldError,
    IncompleteSelection,
    JobDeleted,
    JobEnded,
    MeshUnavailable,
    NoSuchSource,
    NoSuchThing,
    NotAllowed,
    NotSignedIn,
    OdameshError,
    RequestRefused,
    TooMuchWaiting,
    UnexpectedAnswer,
    WouldOverwrite,
    WrongValue,
)
from odamesh.job import Job
from odamesh.job_record import JobAborted, JobFailed
from odamesh.product import Product
from odamesh.progress import Progress

try:
    __version__ = version("odamesh")
except PackageNotFoundError:  # a tree that was not installed
    __version__ = "0"

__all__ = [
    "AmbiguousId",
    "AsyncJob",
    "AsyncMesh",
    "DamagedDownload",
    "FieldError",
    "IncompleteSelection",
    "Job",
    "JobAborted",
    "JobDeleted",
    "JobEnded",
    "JobFailed",
    "Mesh",
    "MeshUnavailable",
    "NoSuchSource",
    "NoSuchThing",
    "NotAllowed",
    "NotSignedIn",
    "OdameshError",
    "Product",
    "Progress",
    "RequestRefused",
    "TooMuchWaiting",
    "UnexpectedAnswer",
    "WouldOverwrite",
    "WrongValue",
    "__version__",
    "connect",
    "connect_async",
]
