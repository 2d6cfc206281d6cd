"""Products: every file that a manifest names is there, under the key that its content has, and no file besides."""

from collections.abc import Iterator

from mesh.audit.documents import Documents
from mesh.audit.finding import Finding, Kind
from mesh.audit.records import Records
from mesh.contracts import Manifest
from mesh.keys import unit_key
from mesh.store import names

_COMMIT_SECONDS = 3600.0
"""Files that are younger may belong to a product that is being stored."""


def check_products(documents: Documents, records: Records) -> Iterator[Finding]:
    """Compare manifests with files, keys and the index."""
    for key, files in documents.files.items():
        about = f"product {key}"
        manifest = documents.manifests.get(key)
        if manifest is None:
            newest = max(file.modified for file in files.values())
            if names.MANIFEST not in files and records.now - newest > _COMMIT_SECONDS and key not in records.at_work:
                text = f"{len(files)} files without a manifest: {', '.join(sorted(files))}"
                yield Finding(kind=Kind.ORPHANED, about=about, text=text)
            continue
        for file in manifest.files:
            stored = files.get(file.name)
            if stored is None or stored.size != file.size:
                what = "is not there" if stored is None else f"has {stored.size} bytes, not {file.size}"
                yield Finding(kind=Kind.LOST, about=about, text=f"{file.name} {what}")
        if manifest.key != key or _own_key(manifest) != key:
            yield Finding(kind=Kind.CONTRADICTORY, about=about, text="its manifest has another key")
        if records.complete and key not in records.products:
            text = "it is not in the index, which is said to be complete"
            yield Finding(kind=Kind.CONTRADICTORY, about=about, text=text)
    for key in records.products - documents.manifests.keys():
        yield Finding(kind=Kind.ORPHANED, about=f"product {key}", text="the index has it, the store does not")
    for name, text in documents.unreadable.items():
        yield Finding(kind=Kind.LOST, about=f"object {name}", text=f"it cannot be read: {text}")


def _own_key(manifest: Manifest) -> str:
    return unit_key(
        instrument=manifest.instrument,
        stage=manifest.stage,
        image=manifest.image,
        calibration=manifest.calibration,
        parameters=manifest.parameters,
        label=manifest.label,
        inputs=[entry.key_content() for entry in manifest.inputs],
    )
