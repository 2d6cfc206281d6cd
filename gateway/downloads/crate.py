"""The metadata of a Research Object Crate (RO-Crate 1.1): what its files are, and the run that made them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.downloads.members import Member
from mesh.contracts import JobView

METADATA = "ro-crate-metadata.json"
_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_PROFILE = "https://w3id.org/ro/crate/1.1"
_LICENCE = (
    "The data are those of the public archives of INTEGRAL and POLAR, under their terms; odamesh is BSD-3-Clause."
)


@dataclass(frozen=True)
class Described:
    """What a crate says of its job.

    Args:
        title: in words.
        link: permanent link of the request.
        citation: one sentence.
        version: of the software.
        keywords: a few words.
    """

    title: str
    link: str
    citation: str
    version: str
    keywords: str


def metadata(job: JobView, described: Described, members: Sequence[Member], top: str) -> str:
    """Return the content of ``ro-crate-metadata.json``.

    Args:
        job: whose crate it is.
        described: what it says.
        members: its files, without the metadata.
        top: folder that all are in.
    """
    files = [_file(member, member.name.removeprefix(f"{top}/")) for member in members]
    parts = [{"@id": file["@id"]} for file in files]
    products = [{"@id": file["@id"]} for file in files if file["sha256"]]
    made = job.finished or job.submitted
    graph: list[dict[str, Any]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _PROFILE},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": described.title,
            "description": described.citation,
            "datePublished": made,
            "identifier": described.link,
            "keywords": described.keywords,
            "license": _LICENCE,
            "hasPart": parts,
            "mentions": {"@id": f"#job-{job.job_id}"},
        },
        {
            "@id": f"#job-{job.job_id}",
            "@type": "CreateAction",
            "name": described.title,
            "instrument": {"@id": "#odamesh"},
            "object": {"@id": "request.json"},
            "result": products,
            "startTime": job.started or job.submitted,
            "endTime": made,
        },
        {"@id": "#odamesh", "@type": "SoftwareApplication", "name": "odamesh", "version": described.version},
        *({name: value for name, value in file.items() if value != ""} for file in files),
    ]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False)


def _file(member: Member, path: str) -> dict[str, Any]:
    return {
        "@id": quote(path),
        "@type": "File",
        "name": path.rpartition("/")[2],
        "encodingFormat": member.media_type,
        "contentSize": str(member.size),
        "sha256": member.sha256,
    }
