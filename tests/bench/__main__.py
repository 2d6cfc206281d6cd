"""Runs every measurement against the mesh of the test stack, prints one JSON object, keeps it."""

import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import httpx

from infra.stack import mesh_processes
from mesh.settings import Settings
from tests.bench import latency, memory, throughput

_OUTPUT = Path("bench-output/bench.json")


def main() -> None:
    """Measure and report; the mesh is brought up first and stays as it was found."""
    settings = Settings()
    subprocess.run([sys.executable, "-m", "odamesh", "mesh", "up"], check=True, stdout=sys.stderr)
    image = tomllib.loads(settings.images_file.read_text(encoding="utf-8"))["images"]["noop"]
    engine = docker.DockerClient(base_url=settings.engine_address() or None)
    with httpx.Client(base_url=f"http://127.0.0.1:{mesh_processes.ports()['gateway']}", timeout=60) as client:
        figures: dict[str, Any] = {
            "noop_units_per_s": round(throughput.noop_units_per_s(client), 1),
            "bare_docker_run_per_s": round(throughput.bare_docker_run_per_s(engine, image, settings.work), 2),
            "post_job_ms": latency.post_job_ms(client),
            "cached_50_scw_s": round(latency.cached_50_scw_s(client), 3),
        }
    figures["noop_over_docker_run"] = round(figures["noop_units_per_s"] / figures["bare_docker_run_per_s"], 1)
    figures["peak_rss_mb"] = memory.peak_rss_mb({row.name: row.pid for row in mesh_processes.status() if row.pid})
    figures |= {"cores": os.cpu_count(), "commit": _commit(), "date": datetime.now(UTC).date().isoformat()}
    _OUTPUT.parent.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=1) + "\n"
    _OUTPUT.write_text(text, encoding="utf-8")
    print(text, end="")


def _commit() -> str:
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()


if __name__ == "__main__":
    main()
