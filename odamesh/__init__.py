"""What a user installs: the Python client and the `odamesh` command.

>>> import odamesh
>>> mesh = odamesh.connect()
>>> job = mesh.isgri.image(scws=["201600270010"], bands=[(20, 40)])
>>> job.download("results")
"""

from odamesh.client import IncompleteSelection, Mesh, connect
from odamesh.errors import (
    DamagedDownload,
    FieldError,
    JobDeleted,
    JobEnded,
    MeshUnavailable,
    NoSuchThing,
    OdameshError,
    RequestRefused,
    TooMuchWaiting,
    UnexpectedAnswer,
)
from odamesh.job import Job, JobAborted, JobFailed, Progress

__all__ = [
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
    "NoSuchThing",
    "OdameshError",
    "Progress",
    "RequestRefused",
    "TooMuchWaiting",
    "UnexpectedAnswer",
    "connect",
]
