"""An archive in an S3 bucket."""

import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials import StaticProvider
from minio.error import MinioException, S3Error

from mesh.archive.access import CHUNK, MissingFile, fingerprint, unavailable, write_whole

_GONE = ("NoSuchKey", "NoSuchBucket", "NoSuchObject", "ResourceNotFound")


class S3Archive:
    """An archive in an S3 bucket.

    Args:
        client: connection to the server.
        bucket: name of the bucket.
        prefix: folder inside it with scw/ and idx/; '' for the whole bucket.
    """

    at_once = 16

    def __init__(self, client: Minio, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @property
    def url(self) -> str:
        """Bucket and prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def stamp(self, path: str) -> str:
        """Hash entity tag and size of the object."""
        with self._errors(path):
            state = self._client.stat_object(self._bucket, self._prefix + path)
            return fingerprint(str(state.etag), str(state.size))

    def read(self, path: str) -> bytes:
        """Read an object."""
        return b"".join(self._chunks(path))

    def head(self, path: str, size: int) -> bytes:
        """Read the beginning of an object; the rest of it is not waited for."""
        with closing(self._chunks(path, size)) as chunks:
            return next(chunks, b"")

    def fetch(self, path: str, into: Path) -> Path:
        """Download the object."""
        return write_whole(into / Path(path).name, self._chunks(path))

    def _chunks(self, path: str, size: int = CHUNK) -> Generator[bytes]:
        """Yield the bytes of an object in pieces."""
        with self._errors(path):
            answer = self._client.get_object(self._bucket, self._prefix + path)
            try:
                yield from answer.stream(size)
            finally:
                answer.close()
                answer.release_conn()

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Turn what the client raises into errors of the archive."""
        try:
            yield
        except S3Error as error:
            if error.code in _GONE:
                raise MissingFile(path) from error
            raise unavailable(self.url, f"{path}: {error.code}", error) from error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise unavailable(self.url, f"{path}: {type(error).__name__}", error) from error


def open_s3(url: str) -> S3Archive:
    """Open s3://bucket/prefix with the usual variables of S3 clients.

    AWS_ENDPOINT_URL names the server (Amazon's when absent), AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY the account
    (none: public bucket), AWS_REGION the region.

    Raises:
        ValueError: the address has no bucket, or the endpoint is no http(s) address.
    """
    parts = urlsplit(url)
    if not parts.netloc:
        raise ValueError(f"'{url}' names no bucket; write s3://bucket/prefix")
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "https://s3.amazonaws.com")
    server = urlsplit(endpoint)
    if server.scheme not in ("http", "https") or not server.netloc:
        raise ValueError(f"AWS_ENDPOINT_URL '{endpoint}' is not an address; write http://host:port")
    access, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    client = Minio(
        server.netloc,
        credentials=StaticProvider(access, secret) if access and secret else None,
        secure=server.scheme == "https",
        region=os.environ.get("AWS_REGION"),
        http_client=urllib3.PoolManager(
            maxsize=S3Archive.at_once, timeout=urllib3.Timeout(connect=10, read=60), retries=urllib3.Retry(2)
        ),
    )
    return S3Archive(client, parts.netloc, parts.path)
