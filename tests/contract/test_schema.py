"""The committed JSON Schema is the one that the contracts generate."""

import pytest

from mesh.contracts import Document
from mesh.contracts.schema import DOCUMENTS, FOLDER, schema_file, schema_text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.SCHEMA)
def test_schema_file_is_current(document: type[Document]) -> None:
    assert schema_file(document).read_text(encoding="utf-8") == schema_text(document), "run `make schema`"


def test_every_document_has_a_schema_file() -> None:
    def leaves(kind: type[Document]) -> set[type[Document]]:
        return {kind} | {leaf for sub in kind.__subclasses__() for leaf in leaves(sub)}

    # A base without a schema name of its own never travels.
    named = {kind for kind in leaves(Document) if "SCHEMA" in vars(kind)}
    assert {kind for kind in named if kind.__module__.startswith("mesh.contracts")} == set(DOCUMENTS)
    assert {schema_file(document) for document in DOCUMENTS} == set(FOLDER.glob("*.json"))
