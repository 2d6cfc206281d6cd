"""An application on doubles."""

from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.parts import Parts
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    call,
    log_nothing,
)

BODY = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010", "201600280010"]}}


@dataclass
class Gateway:
    """The application and its doubles."""

    app: FastAPI
    records: MemoryRecords
    products: MemoryProducts
    publisher: RecordingPublisher
    quota: MemoryQuota

    def call(self, method: str, path: str, **options: object) -> httpx.Response:
        """Send a request below ``/api/v1``."""
        return call(self.app, method, f"/api/v1{path}", **options)

    def submit(self, **fields: object) -> str:
        """Submit a good request and return the job's id."""
        response = self.call("POST", "/jobs", json={**BODY, **fields})
        assert response.status_code == 201, response.text
        return str(response.json()["job_id"])


@pytest.fixture
def gateway() -> Gateway:
    log_nothing()
    records = MemoryRecords()
    products, publisher = MemoryProducts(), RecordingPublisher(records)
    quota = MemoryQuota()
    parts = Parts(
        records=records,
        products=products,
        publisher=publisher,
        quota=quota.quota,
        query_records=MemoryQueries(),
    )
    app = create_app(parts)
    return Gateway(app, records, products, publisher, quota)
