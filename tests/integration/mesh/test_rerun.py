"""Determinism: what the mesh made in its warm containers comes out of fresh ones byte for byte."""

import json
import subprocess
import sys
import time
from typing import Any

from mesh.settings import Settings
from mesh.store import names
from mesh.store.connect import redis_client
from mesh.store.objects import Objects
from mesh.store.products import Products
from odamesh import Job, Mesh
from tests.integration.mesh.windows import GALACTIC_CENTRE, drill_windows

BANDS = [(20, 40), (40, 80)]


def _rerun(*words: str) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "odamesh", "cache", "rerun", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, answer


def _keys(job: Job) -> dict[str, str]:
    return {row.stage: row.key for row in job.table()}


def test_an_image_and_its_mosaic_come_out_the_same(mesh: Mesh) -> None:
    keys = _keys(mesh.isgri.image(scws=GALACTIC_CENTRE[:4], bands=BANDS))
    status, answer = _rerun(*keys.values())
    assert {one["stage"]: one["verdict"] for one in answer["products"]} == {"image": "identical", "mosaic": "identical"}
    assert status == 0


def test_a_product_that_comes_out_otherwise_is_found(mesh: Mesh) -> None:
    key = _keys(mesh.noop.noop(scws=drill_windows(1), salt=f"rerun-{time.time_ns()}"))["window"]
    assert _rerun("--warm", key)[0] == 0
    own = Settings().connections("admin")
    objects = Objects(own.store)
    manifest = Products(objects, redis_client(own.redis)).read(key)
    assert manifest is not None
    other = (manifest.files[0].model_copy(update={"sha256": "0" * 64}),)
    name = names.product_object(key, names.MANIFEST)
    objects.put(name, manifest.model_copy(update={"files": other}).encode())
    try:
        status, answer = _rerun("--warm", key)
    finally:
        objects.put(name, manifest.encode())
    assert status == 1
    assert answer["products"][0]["verdict"] == "different"
    assert "noop.json" in answer["products"][0]["text"]
