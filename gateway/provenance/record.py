"""The provenance of products as W3C PROV (PROV-DM), from their manifests back to the files of the archive.

Entities are products with their files, files of the archive in the version that was read, parameters, catalogues and
the calibration with the responses; activities are the units that ran, with the digest of their image; agents are the
software and, for a job, its owner.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from prov.model import PROV_TYPE, ProvActivity, ProvAgent, ProvDocument, ProvEntity

from mesh.contracts import Analysis, ArchiveInput, JobView, Manifest, UploadInput
from mesh.keys import content_key

MEDIA_TYPE = "application/provenance+json"
"""Of PROV-JSON (W3C member submission, 2013)."""
MOST_UNITS = 2000
"""Units that one document describes; of more it says that they are left out."""
_NAMESPACE = "urn:odamesh:"
_KINDS = ("product", "file", "unit", "archive", "parameters", "catalogue", "calibration", "image", "software", "upload")
_DIGITS = 32

FindManifest = Callable[[str], Manifest | None]
"""From the key of a product to its manifest, also of one that was removed."""


class Record:
    """A provenance document that grows by products.

    Args:
        find: returns manifests.
        most: units to describe.
    """

    def __init__(self, find: FindManifest, most: int = MOST_UNITS) -> None:
        self._find = find
        self._most = most
        self._document = ProvDocument()
        self._document.add_namespace("odamesh", _NAMESPACE)
        for kind in (*_KINDS, "job", "request", "user"):
            self._document.add_namespace(kind, f"{_NAMESPACE}{kind}:")
        self._entities: dict[str, ProvEntity] = {}
        self._agents: dict[str, ProvAgent] = {}
        self._left_out = 0

    def add_products(self, keys: Iterable[str]) -> None:
        """Describe products, and everything that they were made of."""
        waiting = deque(dict.fromkeys(keys))
        seen: set[str] = set()
        while waiting:
            key = waiting.popleft()
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > self._most:
                self._left_out += 1
                continue
            manifest = self._find(key)
            if manifest is None:
                self._product(key, {"odamesh:note": "its manifest is not there any more"})
                continue
            waiting.extend(self._add(manifest))

    def add_job(self, job: JobView, analysis: Analysis, results: Iterable[str], owner: str) -> None:
        """Describe what was asked for, by whom, and which products are the result."""
        request = self._entity(
            f"request:{analysis.key}",
            {
                PROV_TYPE: "odamesh:Request",
                "odamesh:instrument": analysis.instrument,
                "odamesh:product": analysis.product,
                "odamesh:selection": _json(analysis.selection.model_dump(mode="json", exclude_none=True)),
                "odamesh:parameters": _json(analysis.parameters),
            },
        )
        times = (_time(job.started or job.submitted), _time(job.finished))
        activity = self._document.activity(f"job:{job.job_id}", *times, {PROV_TYPE: "odamesh:Job"})
        activity.used(request)
        activity.wasAssociatedWith(self._agent(f"user:{content_key(owner)[:_DIGITS]}", {"odamesh:name": owner}))
        for key in results:
            self._document.influence(self._product(key, {}), activity)

    def content(self) -> dict[str, Any]:
        """Return the document as PROV-JSON."""
        if self._left_out:
            note = f"{self._left_out} further units are left out; each product has a document of its own"
            self._entity("odamesh:note", {"odamesh:note": note})
        found: dict[str, Any] = json.loads(self._document.serialize(format="json") or "{}")
        return found

    def _add(self, manifest: Manifest) -> list[str]:
        """Describe one unit; return the keys of the products that it read."""
        product = self._product(
            manifest.key,
            {
                "odamesh:instrument": manifest.instrument,
                "odamesh:stage": manifest.stage,
                "odamesh:label": manifest.label,
            },
        )
        for file in manifest.files:
            described = {
                PROV_TYPE: "odamesh:File",
                "odamesh:name": file.name,
                "odamesh:sha256": file.sha256,
                "odamesh:bytes": file.size,
                "odamesh:mediaType": file.media_type,
            }
            entity = self._entity(f"file:{content_key([manifest.key, file.name])[:_DIGITS]}", described)
            self._document.hadMember(product, entity)
        unit = self._unit(manifest)
        product.wasGeneratedBy(unit, _time(manifest.finished))
        earlier = []
        for given in manifest.inputs:
            if isinstance(given, ArchiveInput):
                unit.used(self._archive(given), attributes={"prov:role": given.role})
            elif isinstance(given, UploadInput):
                upload = {PROV_TYPE: "odamesh:Upload", "odamesh:sha256": given.digest}
                unit.used(self._entity(f"upload:{given.digest}", upload), attributes={"prov:role": given.role})
            else:
                source = self._product(given.key, {})
                unit.used(source, attributes={"prov:role": given.role})
                product.wasDerivedFrom(source, unit)
                earlier.append(given.key)
        return earlier

    def _unit(self, manifest: Manifest) -> ProvActivity:
        unit = self._document.activity(
            f"unit:{manifest.key}",
            _time(manifest.started),
            _time(manifest.finished),
            {
                PROV_TYPE: "odamesh:Unit",
                "odamesh:stage": manifest.stage,
                "odamesh:label": manifest.label,
                "odamesh:image": manifest.image,
                "odamesh:runner": manifest.resources.runner,
                "odamesh:seconds": manifest.resources.seconds,
            },
        )
        image = {PROV_TYPE: "prov:SoftwareAgent", "odamesh:digest": manifest.image}
        unit.wasAssociatedWith(self._agent(f"image:{content_key(manifest.image)[:_DIGITS]}", image))
        software = {
            PROV_TYPE: "prov:SoftwareAgent",
            "odamesh:name": "odamesh",
            "odamesh:version": manifest.code_version,
        }
        unit.wasAssociatedWith(self._agent(f"software:{content_key(manifest.code_version)[:_DIGITS]}", software))
        calibration = {
            PROV_TYPE: "odamesh:Calibration",
            "odamesh:instrument": manifest.instrument,
            "odamesh:version": manifest.calibration,
        }
        name = content_key([manifest.instrument, manifest.calibration])[:_DIGITS]
        unit.used(
            self._entity(f"calibration:{name}", calibration), attributes={"prov:role": "calibration and responses"}
        )
        plain = {name: value for name, value in manifest.parameters.items() if name != "catalogue"}
        parameters = {PROV_TYPE: "odamesh:Parameters", "odamesh:values": _json(plain)}
        unit.used(
            self._entity(f"parameters:{content_key(plain)[:_DIGITS]}", parameters),
            attributes={"prov:role": "parameters"},
        )
        if "catalogue" in manifest.parameters:
            listed = manifest.parameters["catalogue"]
            catalogue = {PROV_TYPE: "odamesh:Catalogue", "odamesh:sources": _json(listed)}
            entity = self._entity(f"catalogue:{content_key([listed, manifest.image])[:_DIGITS]}", catalogue)
            unit.used(entity, attributes={"prov:role": "catalogue"})
        return unit

    def _archive(self, given: ArchiveInput) -> ProvEntity:
        return self._entity(
            f"archive:{content_key([given.path, given.stamp])[:_DIGITS]}",
            {
                PROV_TYPE: "odamesh:ArchiveFiles",
                "odamesh:label": given.label,
                "odamesh:path": given.path,
                "odamesh:files": ", ".join(given.files),
                "odamesh:version": given.stamp,
            },
        )

    def _product(self, key: str, described: dict[Any, Any]) -> ProvEntity:
        name = f"product:{key}"
        if (known := self._entities.get(name)) is not None:
            known.add_attributes(described)
            return known
        return self._entity(name, {PROV_TYPE: "prov:Collection", "odamesh:key": key, **described})

    def _entity(self, name: str, described: dict[Any, Any]) -> ProvEntity:
        if name not in self._entities:
            self._entities[name] = self._document.entity(name, described)
        return self._entities[name]

    def _agent(self, name: str, described: dict[Any, Any]) -> ProvAgent:
        if name not in self._agents:
            self._agents[name] = self._document.agent(name, described)
        return self._agents[name]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
