"""Where MinIO cannot be built, rclone serves the same protocol, says so, and keeps serving what it has stored."""

import io
from typing import Any

import httpx
import minio
import pytest
from minio.error import S3Error

from infra.stack import store_program
from infra.stack.problem import SetupProblem
from infra.stack.stack import Stack


def _cannot(*_: object) -> Any:
    raise SetupProblem("this machine has no Go")


def _client(stack: Stack, service: str) -> Any:
    ends, account = stack.setting.endpoints, stack.setting.credentials[service]
    login = {"access_key": account.s3_access_key, "secret_key": account.s3_secret_key}
    return minio.Minio(ends.s3_endpoint, **login, secure=False, region="us-east-1")


def test_rclone_stands_in(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        store_program.rclone(stack.setting.layout)
    except SetupProblem as problem:
        pytest.skip(f"rclone cannot be had here: {problem}")
    with monkeypatch.context() as patch:
        patch.setattr(store_program, "_build_minio", _cannot)
        patch.setattr(store_program, "minio_path", lambda layout: layout.cache / "absent")
        patch.delenv("ODAMESH_MINIO", raising=False)
        stack.store.ensure()
    assert "standing in: MinIO cannot be built: this machine has no Go" in stack.store.state().version

    bucket = stack.setting.endpoints.bucket
    _client(stack, "isgri").put_object(bucket, "products/00/kept", io.BytesIO(b"yes"), 3)
    link = _client(stack, "gateway").presigned_get_object(bucket, "products/00/kept")
    assert httpx.get(link).content == b"yes"
    with pytest.raises(S3Error, match="AccessDenied"):
        ends = stack.setting.endpoints
        minio.Minio(
            ends.s3_endpoint, access_key="nobody", secret_key="x" * 20, secure=False, region="us-east-1"
        ).bucket_exists(bucket)

    # MinIO can be built again: the data would be out of sight, so rclone goes on.
    assert stack.store.stop()
    stack.store.ensure()
    assert "its data are here" in stack.store.state().version
    assert _client(stack, "cache").get_object(bucket, "products/00/kept").read() == b"yes"
