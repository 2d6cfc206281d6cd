"""Reads what an analysis left in its output directory, trusting nothing in it."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import from_json

from mesh.contracts import ProductFile
from mesh.contracts.document import Part
from mesh.errors import ScienceFailure
from mesh.kit.product import FAILURE_FILE, MANIFEST_FILE, PRODUCT_SCHEMA
from mesh.kit.unit import STEPS_FILE
from mesh.runner.plain_file import chunks, read_small

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_TOLD_LIMIT = 256 << 10
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")
# Names that stand beside the files of a product in the store.
_RESERVED = frozenset({MANIFEST_FILE, "log.txt", FAILURE_FILE, STEPS_FILE})


class StepTime(Part):
    """How long one step took."""

    step: str
    seconds: float


class OutputManifest(Part):
    """``out/manifest.json`` as the kit writes it."""

    key: str
    files: tuple[ProductFile, ...] = Field(min_length=1, max_length=1000)
    warnings: tuple[str, ...]
    summary: dict[str, Any]
    steps: tuple[StepTime, ...]

    @field_validator("files")
    @classmethod
    def _names_are_plain(cls, files: tuple[ProductFile, ...]) -> tuple[ProductFile, ...]:
        for file in files:
            if not _NAME.fullmatch(file.name) or file.name in _RESERVED:
                msg = f"{file.name!r} cannot be the name of a product"
                raise ValueError(msg)
            if not _MEDIA_TYPE.fullmatch(file.media_type):
                msg = f"{file.media_type!r} is no media type"
                raise ValueError(msg)
        if len({file.name for file in files}) != len(files):
            msg = "two products have the same name"
            raise ValueError(msg)
        return files

    @model_validator(mode="after")
    def _told_in_few_words(self) -> "OutputManifest":
        # It travels in the unit's last event and stands in Redis.
        told = len(json.dumps([self.warnings, self.summary]))
        if told > _TOLD_LIMIT:
            msg = f"summary and warnings take {told} bytes; the limit is {_TOLD_LIMIT}"
            raise ValueError(msg)
        return self


class Reason(Part):
    """``out/failure.json`` as the kit writes it."""

    kind: str
    reason: str = Field(pattern="^[A-Za-z][A-Za-z0-9]{0,63}$")
    text: str = Field(max_length=10_000)


def read_product(out: Path, key: str) -> OutputManifest:
    """Return what the analysis says it made.

    Raises:
        ScienceFailure: reason ``BadProduct``; there is no such file or it is not one of the kit's.
    """
    try:
        # Not the reader of the standard library: nested deep enough, a document would exhaust its stack.
        content = from_json(read_small(out / MANIFEST_FILE), allow_inf_nan=False)
        if not isinstance(content, dict) or content.pop("schema", None) != PRODUCT_SCHEMA:
            raise _bad(f"{MANIFEST_FILE} is not of schema {PRODUCT_SCHEMA}")
        product = OutputManifest.model_validate(content)
    except (OSError, ValueError, ValidationError) as error:
        raise _bad(f"{MANIFEST_FILE} cannot be read: {error}") from error
    if product.key != key:
        raise _bad(f"{MANIFEST_FILE} is that of unit {product.key}")
    return product


def read_reason(out: Path) -> Reason | None:
    """Return why the analysis failed, in its own words; None when it left none."""
    try:
        return Reason.model_validate_json(read_small(out / FAILURE_FILE))
    except (OSError, ValueError, ValidationError):
        return None


def verify_files(out: Path, product: OutputManifest) -> None:
    """Check that the files are there, plain, and have the size and SHA-256 that the analysis says.

    Raises:
        ScienceFailure: reason ``BadProduct``; names the file.
    """
    for file in product.files:
        digest, size = sha256(), 0
        try:
            for chunk in chunks(out / file.name):
                digest.update(chunk)
                size += len(chunk)
        except OSError as error:
            raise _bad(f"{file.name}: {error}") from error
        if (size, digest.hexdigest()) != (file.size, file.sha256):
            raise _bad(f"{file.name} has another content than its manifest says")


def _bad(text: str) -> ScienceFailure:
    return ScienceFailure("BadProduct", f"the analysis left no usable product: {text}")
