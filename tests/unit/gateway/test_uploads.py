"""Sending files over HTTP."""

import hashlib

from tests.unit.gateway.conftest import Gateway


def test_a_file_is_kept_and_a_job_names_it(gateway: Gateway) -> None:
    content = bytes(range(256)) * 10
    answer = gateway.call("POST", "/uploads", content=content, headers={"Content-Type": "application/fits"})
    digest = hashlib.sha256(content).hexdigest()
    assert (answer.status_code, answer.json()) == (201, {"sha256": digest, "bytes": 2560})
    body = {"instrument": "localisation", "product": "sky_map", "parameters": {"sky_map": [digest]}}
    assert gateway.call("POST", "/jobs", json=body).status_code == 201
    body["parameters"] = {"sky_map": ["0" * 64]}
    refused = gateway.call("POST", "/jobs", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "parameters.sky_map[0]")


def test_an_empty_file_and_one_that_is_too_long_are_refused(gateway: Gateway) -> None:
    assert gateway.call("POST", "/uploads", content=b"").status_code == 400
    assert gateway.call("POST", "/uploads", content=bytes(8 * 1024 * 1024 + 1)).status_code == 413
    assert gateway.products.uploads.files == {}
