"""Looks twice, because the mesh goes on working meanwhile: what is found both times is wrong."""

import time
from collections.abc import Iterator

import redis

from mesh.audit.check_jobs import check_jobs
from mesh.audit.check_products import check_products
from mesh.audit.check_records import check_records
from mesh.audit.check_units import check_units
from mesh.audit.documents import Documents, read_documents
from mesh.audit.finding import Finding, Report
from mesh.audit.records import Records, read_records
from mesh.store.objects import Objects

PATIENCE_SECONDS = 900.0
"""Longer than the last pause of the retry ladder."""
_PAUSE_SECONDS = 3.0


def audit(
    objects: Objects, index: redis.Redis, *, patience: float = PATIENCE_SECONDS, pause: float = _PAUSE_SECONDS
) -> Report:
    """Compare everything that the mesh has stored.

    Args:
        objects: the store, as an account that may read all of it.
        index: Redis, as an account that may list it.
        patience: seconds after which work that does not move counts as stuck.
        pause: seconds between two looks; the second one happens only if the first found something.

    Raises:
        StoreUnavailable: a server does not answer.
    """
    documents, records, found = _look(objects, index, patience)
    if found:
        time.sleep(pause)
        documents, records, again = _look(objects, index, patience)
        before = {(finding.kind, finding.about) for finding in found}
        found = [finding for finding in again if (finding.kind, finding.about) in before]
    return Report(looked_at=_looked_at(documents, records), findings=tuple(found))


def _look(objects: Objects, index: redis.Redis, patience: float) -> tuple[Documents, Records, list[Finding]]:
    documents = read_documents(objects)
    records = read_records(index, documents.jobs)
    return documents, records, sorted(_findings(documents, records, patience), key=lambda found: found.kind)


def _findings(documents: Documents, records: Records, patience: float) -> Iterator[Finding]:
    yield from check_jobs(documents, records, patience)
    yield from check_units(documents)
    yield from check_products(documents, records)
    yield from check_records(records, patience)


def _looked_at(documents: Documents, records: Records) -> dict[str, int]:
    return {
        "requests": len(documents.analyses),
        "jobs": len(documents.jobs),
        "ended": len(documents.ends),
        "active_runs": len(records.active),
        "runs": len(documents.runs),
        "units": sum(len(run.rows) for run in documents.runs.values()),
        "products": len(documents.manifests),
        "evicted": len(documents.evicted),
    }
