"""Products: files under their key in MinIO, committed by the manifest, found fast by the index in Redis."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import redis
import structlog

from mesh.contracts import Document, EvictedProduct, Manifest, ProductFile, StageProduct
from mesh.errors import ContractViolation, NotFound, TransientFailure
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.library import Library
from mesh.store.objects import Objects
from mesh.store.uploads import Uploads

_log = structlog.get_logger(__name__)

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_CHUNK = 1000
_STORE_TRUSTED_SECONDS = 5.0


class ProductEntry(Document):
    """The short form of a manifest, as the index keeps it."""

    SCHEMA: ClassVar[str] = "odamesh.product-entry/1"

    key: str
    instrument: str
    stage: str
    label: str
    run_id: str
    seconds: float
    files: tuple[ProductFile, ...]
    warnings: tuple[str, ...] = ()
    image: str = ""
    """That made it; empty in an entry of an earlier version."""

    @classmethod
    def of(cls, manifest: Manifest) -> "ProductEntry":
        """Return the short form of a manifest."""
        return cls(
            key=manifest.key,
            instrument=manifest.instrument,
            stage=manifest.stage,
            label=manifest.label,
            run_id=manifest.run_id,
            seconds=manifest.resources.seconds,
            files=manifest.files,
            warnings=manifest.warnings,
            image=manifest.image,
        )

    @property
    def product(self) -> StageProduct:
        """The product as a caller sees it."""
        return StageProduct(stage=self.stage, label=self.label, key=self.key, files=self.files)


class Products:
    """The products of the mesh. A product exists when, and only when, its manifest does.

    Every method raises StoreUnavailable when MinIO or Redis is out of reach. ``uploads`` has what callers sent.
    """

    def __init__(self, objects: Objects, index: redis.Redis) -> None:
        self._objects = objects
        self.uploads = Uploads(objects)
        self._redis: Any = index
        self._library = Library(index)
        self._stored_at = float("-inf")

    def find(self, key: str) -> Manifest | None:
        """Return the manifest of a product, or None when there is no such product; sets the index right."""
        manifest = self.read(key)
        if manifest is None:
            self.forget(key)
        else:
            self.index([manifest])
        return manifest

    def read(self, key: str) -> Manifest | None:
        """Return the manifest of a product, or None; leaves the index alone.

        A manifest that cannot be read is none: the product is made again when it is asked for.
        """
        try:
            return Manifest.decode(self._objects.get(names.product_object(key, names.MANIFEST)))
        except NotFound:
            return None
        except ContractViolation as error:
            _log.warning("manifest cannot be read", unit_key=key, error=str(error))
            return None

    def removed(self, key: str) -> EvictedProduct | None:
        """Return the record of a product that was removed once, or None."""
        try:
            return EvictedProduct.decode(self._objects.get(names.evicted_object(key)))
        except NotFound:
            return None

    @redis_answers()
    def absent(self, key: str) -> bool:
        """Say whether it need not be looked for in the store, because the index is complete and does not have it.

        Never while the store has not taken a product for some seconds: looking tells whether it is up before a unit
        works for nothing. A product whose worker died just before the index entry is made again, with the same bytes.
        """
        if time.monotonic() - self._stored_at > _STORE_TRUSTED_SECONDS:
            return False
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.exists(names.INDEX_COMPLETE)
        pipeline.exists(names.product_entry(key))
        # Who began to remove it may have died before the files were gone.
        pipeline.sismember(names.EVICTING, key)
        complete, there, evicting = pipeline.execute()
        return bool(complete) and not there and not evicting

    @redis_answers()
    def find_many(self, keys: Sequence[str]) -> dict[str, ProductEntry]:
        """Return the indexed ones of the products, in one round trip per thousand keys."""
        found: dict[str, ProductEntry] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            for key, text in zip(chunk, self._redis.mget([names.product_entry(key) for key in chunk]), strict=True):
                if text is not None:
                    found[key] = ProductEntry.decode(text)
        return found

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of the products that do not exist; what the index does not know is looked for in the store."""
        known = self.find_many(keys)
        return [key for key in keys if key not in known and self.read(key) is None]

    def commit(self, manifest: Manifest, directory: Path, log: bytes) -> None:
        """Store the files named in the manifest, the log, then the manifest, then the index entry.

        Until the manifest is there nobody sees the product; committing the same key again writes the same bytes.
        """
        for file in manifest.files:
            self._objects.upload(names.product_object(manifest.key, file.name), directory / file.name, file.media_type)
        self._objects.put(names.product_object(manifest.key, names.LOG), log, _TEXT)
        self._objects.put(names.product_object(manifest.key, names.MANIFEST), manifest.encode(), _JSON)
        self._stored_at = time.monotonic()
        self.index([manifest])

    def fetch(self, key: str, into: Path) -> Manifest:
        """Copy the files of a product into a directory and return its manifest.

        Raises:
            NotFound: there is no such product.
            TransientFailure: a file arrived with another content than the manifest says, or not at all.
        """
        manifest = self.read(key)
        if manifest is None:
            # The index may say otherwise; without it the product is made again when it is next asked for.
            self.forget(key)
            raise NotFound(f"there is no product {key}")
        into.mkdir(parents=True, exist_ok=True)
        for file in manifest.files:
            try:
                sha256 = self._objects.download(names.product_object(key, file.name), into / file.name)
            except NotFound as error:
                text = f"the manifest of product {key} names {file.name}, which the store does not have"
                raise TransientFailure("ProductIncomplete", text) from error
            if sha256 != file.sha256:
                text = f"{file.name} of product {key} arrived damaged: SHA-256 {sha256}, expected {file.sha256}"
                raise TransientFailure("ProductDamaged", text)
        return manifest

    def link(self, key: str, name: str, seconds: int, disposition: str = "") -> str:
        """Return a link to one file of a product that expires after *seconds*.

        Args:
            key: of the product.
            name: of the file.
            seconds: how long the link works.
            disposition: the ``Content-Disposition`` with which the store is to answer.

        Raises:
            NotFound: there is no such product, or it has no such file.
        """
        self._check_file(key, name)
        return self._objects.presign(names.product_object(key, name), seconds, disposition)

    def file(self, key: str, name: str) -> ProductFile:
        """Return what is known of one file of a product; of its log and its manifest without the checksum.

        Raises:
            NotFound: there is no such product, or it has no such file.
        """
        entry = self._check_file(key, name)
        for file in entry.files:
            if file.name == name:
                return file
        size = self._objects.size(names.product_object(key, name))
        return ProductFile(name=name, sha256="", size=size, media_type=_JSON if name == names.MANIFEST else _TEXT)

    def blocks(self, key: str, name: str, size: int, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Return one file of a product, or *length* bytes of it, in blocks of at most *size* bytes.

        Raises:
            NotFound: there is no such product, or it has no such file.
        """
        self._check_file(key, name)
        blocks = self._objects.blocks(names.product_object(key, name), size, offset, length)
        # The first block tells whether the store answers, while the caller can still be told.
        return chain([next(blocks, b"")], blocks)

    def _check_file(self, key: str, name: str) -> ProductEntry | Manifest:
        # Whoever only reads products may not enter them into the index.
        entry = self.find_many([key]).get(key) or self.read(key)
        if entry is None:
            raise NotFound(f"there is no product {key}")
        known = [file.name for file in entry.files]
        if name not in (*known, names.LOG, names.MANIFEST):
            raise NotFound(f"product {key} has no file {name}; it has: {', '.join(known)}")
        self.used([key])
        return entry

    def log(self, key: str) -> bytes:
        """Return the log of the unit that made the product, or of its last failure.

        Raises:
            NotFound: the unit has not ended yet, or there is no such unit.
        """
        for name in (names.product_object(key, names.LOG), names.failure_log_object(key)):
            try:
                return self._objects.get(name)
            except NotFound:
                continue
        raise NotFound(f"there is no log of unit {key}: it has not ended yet")

    def put_failure_log(self, key: str, log: bytes) -> None:
        """Store the log of a failed unit; the next failure of the same unit replaces it."""
        self._objects.put(names.failure_log_object(key), log, _TEXT)

    @redis_answers()
    def index(self, manifests: Iterable[Manifest]) -> None:
        """Enter products into the index."""
        arguments: list[str | bytes | float] = []
        for manifest in manifests:
            made = datetime.fromisoformat(manifest.finished).timestamp()
            arguments += [manifest.key, ProductEntry.of(manifest).encode(), made]
        self._library.call("index_products", *arguments)

    @redis_answers()
    def forget(self, key: str) -> None:
        """Take a product out of the index."""
        self._library.call("forget_product", key)

    @redis_answers()
    def used(self, keys: Iterable[str]) -> None:
        """Note that products are in use now: those longest unused are removed first."""
        now = time.time()
        scores = dict.fromkeys(keys, now)
        if scores:
            self._redis.zadd(names.PRODUCTS_USED, scores, xx=True, gt=True)

    @redis_answers()
    def indexed(self, keys: Sequence[str]) -> list[bool]:
        """Say for each key whether the index has it."""
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.exists(names.product_entry(key))
        return [bool(answer) for answer in pipeline.execute()]

    def keys(self) -> Iterator[str]:
        """Return the key of every committed product, from MinIO."""
        for entry in self._objects.list(names.PRODUCTS):
            if entry.name.endswith(f"/{names.MANIFEST}"):
                yield entry.name.split("/")[2]

    @redis_answers()
    def index_is_complete(self) -> bool:
        """Say whether the index knows every committed product; false after Redis lost its data."""
        return bool(self._redis.exists(names.INDEX_COMPLETE))

    @redis_answers()
    def begin_index(self) -> str:
        """Say that the index is being completed; returns what `mark_index_complete` takes."""
        token = uuid4().hex
        self._redis.set(names.INDEX_BEGUN, token)
        return token

    @redis_answers()
    def mark_index_complete(self, begun: str) -> bool:
        """Say that every committed product is in the index; false if Redis lost data since `begin_index`."""
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.watch(names.INDEX_BEGUN)
                if pipeline.get(names.INDEX_BEGUN) != begun:
                    return False
                pipeline.multi()
                pipeline.delete(names.INDEX_BEGUN)
                pipeline.set(names.INDEX_COMPLETE, "1")
                pipeline.execute()
        except redis.WatchError:
            return False
        return True

    @redis_answers()
    def doubt_index(self) -> None:
        """Say that Redis may have lost products: the index is completed again from the store."""
        self._redis.delete(names.INDEX_COMPLETE, names.INDEX_BEGUN)
