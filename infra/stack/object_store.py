"""The object store: MinIO, or rclone behind the same S3 protocol where MinIO cannot be built."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import minio
import urllib3
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, MinioException

from infra.minio import policies
from infra.stack import store_program
from infra.stack.credentials import ADMIN, write_private
from infra.stack.problem import SetupProblem
from infra.stack.server import Server

_LOOK_S = 0.5
# Named, a region spares a question before the first request (which rclone answers in its own way).
_REGION = "us-east-1"


class ObjectStore(Server):
    """Requests, products and manifests: the truth of the mesh."""

    name = "minio"
    packages = ()

    @property
    def address(self) -> str:  # noqa: D102
        return self.endpoints.s3_endpoint

    @property
    def named_by(self) -> str:  # noqa: D102
        named = self.endpoints.named.get("s3")
        return named.variable if named else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {"ODAMESH_S3_PORT": int(self.endpoints.s3_endpoint.rpartition(":")[2])}

    @property
    def stands_in(self) -> bool:
        """Whether rclone serves in MinIO's place."""
        return self._reason_file.exists()

    def version(self) -> str | None:  # noqa: D102
        try:
            self._client().bucket_exists(self.endpoints.bucket)
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return None
        if self.named_by:
            return "S3"
        if self.stands_in:
            return f"rclone serve s3, standing in: {self._reason_file.read_text()}"
        return "MinIO"

    def prepare(self) -> None:
        """Make the directory and write the operator's account into it, from where the server reads it."""
        self.own_directory()
        admin = self.credentials[ADMIN]
        write_private(self.directory / "root-user", admin.s3_access_key, self.owner())
        write_private(self.directory / "root-password", admin.s3_secret_key, self.owner())

    def launch(self) -> None:
        """Start MinIO or its stand-in; a store that has data here is started again, whatever could be built now."""
        if self._rclone_has_data():
            path = store_program.rclone(self.layout)
            reason = "its data are here; `odamesh stack down --purge` discards them and begins with MinIO"
            program = store_program.StoreProgram(path, reason)
        else:
            program = store_program.ensure(self.layout)
        if program.stands_in_because:
            self._reason_file.write_text(program.stands_in_because)
            self._launch_rclone(program.path, self.own_directory("rclone-data"))
        else:
            self._reason_file.unlink(missing_ok=True)
            self._launch_minio(program.path, self.own_directory("data"))

    def configure(self) -> None:
        """Make the bucket; on our own MinIO also the accounts and their policies.

        After a power loss MinIO answers the first questions and refuses others until it has read its own state.
        """
        deadline = time.monotonic() + self.ready_within_s
        while True:
            try:
                return self._configure()
            except (MinioException, MinioAdminException, urllib3.exceptions.HTTPError) as error:
                if time.monotonic() > deadline or not _comes_up(error):
                    message = f"the object store at {self.address} refuses its set-up: {error}; {self.log} may say why"
                    raise SetupProblem(message) from error
            time.sleep(_LOOK_S)

    def _configure(self) -> None:
        client = self._client()
        if not client.bucket_exists(self.endpoints.bucket):
            client.make_bucket(self.endpoints.bucket)
        if not self.named_by and not self.stands_in:
            self._configure_accounts()

    @property
    def _reason_file(self) -> Path:
        return self.directory / "stand-in"

    def _rclone_has_data(self) -> bool:
        data = self.directory / "rclone-data"
        return data.is_dir() and any(data.iterdir())

    def _launch_minio(self, program: Path, data: Path) -> None:
        environment = {
            "MINIO_ROOT_USER_FILE": str(self.directory / "root-user"),
            "MINIO_ROOT_PASSWORD_FILE": str(self.directory / "root-password"),
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_PROMETHEUS_AUTH_TYPE": "public",  # on loopback
        }
        self.spawn([program, "server", "--quiet", "--address", self.endpoints.s3_endpoint, data], environment)

    def _launch_rclone(self, program: Path, data: Path) -> None:
        pairs = [f'"{one.s3_access_key},{one.s3_secret_key}"' for one in self.credentials.accounts.values()]
        # rclone reads any flag from the environment (lists as CSV): the keys do not show in the process list.
        environment = {"RCLONE_AUTH_KEY": ",".join(pairs), "RCLONE_CONFIG": os.devnull}
        self.spawn([program, "serve", "s3", "--addr", self.endpoints.s3_endpoint, data], environment)

    def _configure_accounts(self) -> None:
        admin = self._admin()
        known = json.loads(admin.user_list())
        with TemporaryDirectory() as folder:
            for service, account in self.credentials.accounts.items():
                if service == ADMIN:
                    continue
                document = Path(folder) / "policy.json"
                document.write_text(json.dumps(policies.of(service, self.endpoints.bucket)))
                admin.policy_add(account.s3_access_key, str(document))
                if account.s3_access_key not in known or not self._accepts(service):
                    admin.user_add(account.s3_access_key, account.s3_secret_key)
                if known.get(account.s3_access_key, {}).get("policyName") != account.s3_access_key:
                    admin.policy_set(account.s3_access_key, user=account.s3_access_key)

    def _accepts(self, service: str) -> bool:
        account = self.credentials[service]
        try:
            self._client(account.s3_access_key, account.s3_secret_key).bucket_exists(self.endpoints.bucket)
        except MinioException:
            return False
        return True

    def _admin(self) -> Any:
        account = self.credentials[ADMIN]
        return minio.MinioAdmin(
            endpoint=self.endpoints.s3_endpoint,
            credentials=StaticProvider(account.s3_access_key, account.s3_secret_key),
            secure=False,
            http_client=_direct(),
        )

    def _client(self, access_key: str = "", secret_key: str = "") -> Any:
        named = self.endpoints.named.get("s3")
        admin = self.credentials[ADMIN]
        own = (named.user, named.password) if named else (admin.s3_access_key, admin.s3_secret_key)
        return minio.Minio(
            self.endpoints.s3_endpoint,
            access_key=access_key or own[0],
            secret_key=secret_key or own[1],
            secure=self.endpoints.s3_secure,
            region=_REGION,
            http_client=_direct(),
        )


def _comes_up(error: Exception) -> bool:
    """Whether a store that is starting says so, or does not answer yet."""
    if isinstance(error, urllib3.exceptions.HTTPError):
        return True
    words = f"{getattr(error, 'code', '')} {error}"
    return "NotInitialized" in words or "503" in words or "ServiceUnavailable" in words


def _direct() -> urllib3.PoolManager:
    """No proxy and no repeats: the server is near, and a caller that polls asks again itself."""
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=10), retries=False)
