"""Writes the JSON Schema of every document that travels or is stored: `python -m mesh.contracts.schema`."""

import json
from pathlib import Path

from mesh.contracts.account import Account, ApiToken, TokenUse, TrailPage
from mesh.contracts.alert import AlertCommand, AlertEntry, AlertEvent, ClaimedId, Quarantined, Receipt
from mesh.contracts.allowance import Allowances
from mesh.contracts.cancel import CancelJob, CancelUnits, DeleteJob
from mesh.contracts.document import Document
from mesh.contracts.event import RunEvent, UnitEvent
from mesh.contracts.keeping import EvictedProduct, Pin
from mesh.contracts.letter import SendAgain
from mesh.contracts.link import Link
from mesh.contracts.log import FollowLog, LogText
from mesh.contracts.manifest import Manifest
from mesh.contracts.request import Analysis, Job
from mesh.contracts.result import JobEnd, RowPage, RunResult
from mesh.contracts.transient import FollowUpNotice, TransientRecord
from mesh.contracts.unit import InputList, PackedUnit, Unit, UnitParameters
from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint

FOLDER = Path(__file__).parent / "schema"
DOCUMENTS: tuple[type[Document], ...] = (
    Account,
    AlertCommand,
    AlertEntry,
    AlertEvent,
    Allowances,
    Analysis,
    ApiToken,
    CancelJob,
    CancelUnits,
    ClaimedId,
    DeleteJob,
    EvictedProduct,
    FollowLog,
    FollowUpNotice,
    InputList,
    Job,
    JobEnd,
    Link,
    LogText,
    Manifest,
    PackedUnit,
    Pin,
    Quarantined,
    Receipt,
    RowPage,
    RunEvent,
    RunResult,
    SendAgain,
    TokenUse,
    TrailPage,
    TransientRecord,
    Unit,
    UnitEvent,
    UnitParameters,
    WebhookDelivery,
    WebhookEndpoint,
)


def schema_text(document: type[Document]) -> str:
    """Return the JSON Schema of *document* as it stands on the wire, with its ``schema`` field."""
    schema = document.model_json_schema()
    schema["$id"] = document.SCHEMA
    schema["properties"] = {"schema": {"const": document.SCHEMA}, **schema["properties"]}
    schema["required"] = ["schema", *schema.get("required", [])]
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def schema_file(document: type[Document]) -> Path:
    """Return where the schema of *document* is kept."""
    return FOLDER / (document.SCHEMA.removeprefix("odamesh.").replace("/", ".v") + ".json")


def main() -> None:
    """Write every schema file."""
    FOLDER.mkdir(exist_ok=True)
    for document in DOCUMENTS:
        schema_file(document).write_text(schema_text(document), encoding="utf-8")


if __name__ == "__main__":
    main()
