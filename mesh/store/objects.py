"""Objects in MinIO (or whatever speaks S3 in its place): bytes and files under names, nothing more."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from mesh import tracing
from mesh.errors import NotFound, StoreUnavailable
from mesh.settings import StoreSettings
from mesh.store import metrics

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 60.0
_CONNECTIONS = 32
_PART_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_ABSENT = frozenset({"NoSuchKey", "NoSuchObject"})
_WRITTEN = frozenset({200, 201, 204})
_CONDITION_FAILED = 412
# A region that is named spares a question before the first request.
_REGION = "us-east-1"


@dataclass(frozen=True)
class StoredObject:
    """One entry of a listing."""

    name: str
    size: int
    """Bytes."""
    modified: datetime


class Objects:
    """One bucket, as one account sees it. Nothing is retried here: callers know what a retry costs them.

    Every method raises StoreUnavailable when the store cannot be reached, is overloaded or refuses the account.

    Args:
        settings: where and as whom.
        public_url: address under which callers reach the store with a link; empty: the same.
    """

    def __init__(self, settings: StoreSettings, public_url: str = "") -> None:
        self._bucket = settings.bucket
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
            maxsize=_CONNECTIONS,
            retries=False,
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=_REGION,
            http_client=self._pool,
        )
        # A signature covers the host: links for callers are signed for the name under which they reach the store.
        self._signer = _signer(settings, public_url) if public_url else self._client

    def put(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Write an object; its name shows the old content or the new one, never a part."""
        with _store_answers("put", name):
            self._client.put_object(self._bucket, name, BytesIO(content), len(content), content_type=media_type)

    def put_new(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> bool:
        """Write an object unless there is one of that name; false when there is. Of two writers at once one wins.

        Where a store does not know conditional writes (rclone), the last one wins and both are told true.
        """
        return self.swap(name, content, None, media_type) is not None

    def replace(self, name: str, content: bytes, tag: str, media_type: str = "application/octet-stream") -> bool:
        """Write an object anew; false when it is not any more what `get_tagged` returned with *tag*.

        Where a store does not know conditional writes (rclone), the last one wins.
        """
        return self.swap(name, content, tag, media_type) is not None

    def swap(
        self, name: str, content: bytes, tag: str | None, media_type: str = "application/octet-stream"
    ) -> str | None:
        """Write an object in the place of a known one; returns its new tag, None when something else is there.

        Args:
            name: of the object.
            content: of the new one.
            tag: of the one that is known to be there; None: there is none.
            media_type: of the content.
        """
        condition = {"If-None-Match": "*"} if tag is None else {"If-Match": tag}
        with _store_answers("put", name):
            # minio-py has no condition for a put; a signed address takes any header that it does not name.
            address = self._client.get_presigned_url("PUT", self._bucket, name, expires=timedelta(seconds=60))
            headers = {"Content-Type": media_type, **condition}
            answer = self._pool.request("PUT", address, body=content, headers=headers)
        if answer.status in _WRITTEN:
            return answer.headers.get("ETag", "")
        # A condition on what was deleted meanwhile is answered as that it is not there.
        if answer.status == _CONDITION_FAILED or b"<Code>NoSuchKey</Code>" in answer.data:
            return None
        metrics.STORE_FAILURES.labels("put").inc()
        raise StoreUnavailable("StoreRefused", f"the store answered {answer.status} for {name}")

    def upload(self, name: str, path: Path, media_type: str = "application/octet-stream") -> None:
        """Write an object from a file."""
        with _store_answers("put", name), path.open("rb") as stream:
            self._client.put_object(
                self._bucket,
                name,
                stream,
                path.stat().st_size,
                content_type=media_type,
                part_size=_PART_BYTES,
                num_parallel_uploads=1,
            )

    def get(self, name: str) -> bytes:
        """Return the content of an object.

        Raises:
            NotFound: there is no such object.
        """
        with _store_answers("get", name), self._open(name) as answer:
            content: bytes = answer.read()
            return content

    def get_tagged(self, name: str) -> tuple[bytes, str]:
        """Return the content of an object, and a tag that changes with it.

        Raises:
            NotFound: there is no such object.
        """
        with _store_answers("get", name), self._open(name) as answer:
            return answer.read(), answer.headers["ETag"]

    def download(self, name: str, path: Path) -> str:
        """Write an object to a file and return the SHA-256 of its content.

        Raises:
            NotFound: there is no such object.
        """
        digest = hashlib.sha256()
        with path.open("wb") as stream:
            for block in self.blocks(name, _BLOCK_BYTES):
                digest.update(block)
                stream.write(block)
        return digest.hexdigest()

    def blocks(self, name: str, size: int, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Return the content of an object, or a part of it, in blocks of at most *size* bytes.

        Args:
            name: of the object.
            size: of a block.
            offset: first byte.
            length: bytes; 0: up to the end.

        Raises:
            NotFound: there is no such object.
        """
        # It lasts until the caller has all of it, which says nothing of the store.
        with _store_answers("get", name, timed=False), self._open(name, offset, length) as answer:
            yield from answer.stream(size)

    def size(self, name: str) -> int:
        """Return the length of an object in bytes.

        Raises:
            NotFound: there is no such object.
        """
        with _store_answers("stat", name):
            return int(self._client.stat_object(self._bucket, name).size)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Return the objects whose name begins with *prefix*, in the order of their names."""
        with _store_answers("list", prefix, timed=False):
            for entry in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                yield StoredObject(name=entry.object_name, size=entry.size, modified=entry.last_modified)

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is no error."""
        with _store_answers("delete", name):
            self._client.remove_object(self._bucket, name)

    def presign(self, name: str, seconds: int, disposition: str = "") -> str:
        """Return a link to an object that works for *seconds* (at most 7 days) without an account.

        Args:
            name: of the object.
            seconds: how long it works.
            disposition: the ``Content-Disposition`` with which the store is to answer.
        """
        headers = {"response-content-disposition": disposition} if disposition else None
        with _store_answers("sign", name, timed=False):
            link: str = self._signer.presigned_get_object(
                self._bucket, name, expires=timedelta(seconds=seconds), response_headers=headers
            )
            return link

    @contextmanager
    def _open(self, name: str, offset: int = 0, length: int = 0) -> Iterator[urllib3.BaseHTTPResponse]:
        answer = self._client.get_object(self._bucket, name, offset=offset, length=length)
        try:
            yield answer
        finally:
            answer.close()
            answer.release_conn()


def _signer(settings: StoreSettings, public_url: str) -> Minio:
    """Return a client that signs for another address of the store; it never connects."""
    address = urlsplit(public_url)
    return Minio(
        address.netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        secure=address.scheme == "https",
        region=_REGION,
    )


@contextmanager
def _store_answers(verb: str, name: str, *, timed: bool = True) -> Iterator[None]:
    began = time.monotonic()
    try:
        with tracing.call(f"store {verb} {name.partition('/')[0]}", **{"odamesh.object": name}):
            yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise NotFound(f"the store has no object {name}") from error
        metrics.STORE_FAILURES.labels(verb).inc()
        raise StoreUnavailable("StoreRefused", f"the store answered {error.code} for {name}") from error
    except (ServerError, InvalidResponseError, urllib3.exceptions.HTTPError) as error:
        metrics.STORE_FAILURES.labels(verb).inc()
        text = f"the store does not answer for {name} ({type(error).__name__}); is it up?"
        raise StoreUnavailable("StoreUnavailable", text) from error
    finally:
        if timed:
            metrics.STORE_SECONDS.labels(verb).observe(time.monotonic() - began, tracing.exemplar())
