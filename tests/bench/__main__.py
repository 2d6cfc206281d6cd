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
from tests.bench import (
    alert,
    alerts_in,
    analysis_mesh,
    cancelling,
    fairness,
    idle,
    intake,
    latency,
    memory,
    planning,
    polling,
    scale,
    signing_in,
    storm,
    throughput,
    tracing,
)
from tests.bench.one_core import science_figures
from tests.bench.page import page_kb_gz
from tests.bench.page_in_browser import page_figures
from tests.bench.spectral_fit import fits_warm_s

_OUTPUT = Path("bench-output/bench.json")


def main() -> None:
    """Measure and report; the mesh is brought up first and stays as it was found."""
    settings = Settings()
    science = science_figures()  # before the mesh is up: it would only disturb
    science["auth_overhead_ms"] = signing_in.auth_overhead_ms()
    science |= fits_warm_s()
    science["page_kb_gz"] = page_kb_gz()
    science |= page_figures()
    archive = Path(os.environ["ODAMESH_HOME"]) / "bench-archive"
    windows = analysis_mesh.simulated_windows(archive)
    planning.write_slices(archive)
    alerts_in.write_merger(archive)
    os.environ["ODAMESH_ARCHIVE"] = str(archive)
    _mesh_up()
    image = tomllib.loads(settings.images_file.read_text(encoding="utf-8"))["images"]["noop"]
    engine = docker.DockerClient(base_url=settings.engine_address() or None)
    with httpx.Client(base_url=f"http://127.0.0.1:{mesh_processes.ports()['gateway']}", timeout=60) as client:
        figures: dict[str, Any] = {
            "idle_cpu_percent": idle.idle_cpu_percent(),
            "noop_units_per_s": round(throughput.noop_units_per_s(client), 1),
            "bare_docker_run_per_s": round(throughput.bare_docker_run_per_s(engine, image, settings.work), 2),
            "intake_ms": intake.intake_ms(settings),
            "post_job_ms": latency.post_job_ms(client),
            "cached_50_scw_s": round(latency.cached_50_scw_s(client), 3),
            "fair_small_over_alone": round(fairness.fair_small_over_alone(client), 2),
            "alert_start_s": round(alert.alert_start_s(client), 3),
            "alert_ack_ms": alerts_in.alert_ack_ms(client, settings),
            "alert_no_data_s": alerts_in.alert_no_data_s(client),
            "alert_to_record_s": alerts_in.alert_to_record_s(client),
            "alert_storm_per_s": alerts_in.alert_storm_per_s(client),
            "cancel_s_max": round(cancelling.cancel_s_max(client, engine, settings), 3),
            "storm_12": storm.storm_12(client),
            "oda_storm_12": storm.oda_storm_12(client, windows[:3]),
            "polls_32": polling.polls_32(client),
            "uws_200_waits_p99_ms": polling.uws_200_waits_p99_ms(client),
        }
        figures |= analysis_mesh.mesh_efficiency_50(client, engine, windows)
        figures["noop_over_docker_run"] = round(figures["noop_units_per_s"] / figures["bare_docker_run_per_s"], 1)
        figures["peak_rss_mb"] = memory.peak_rss_mb(_pids())
        figures["traces_over_none"] = tracing.traces_over_none(client, _mesh_up)
        figures |= planning.plan_200k_slices(client)
        _mesh_up(ODAMESH_RUNNER="fake")
        figures["job_10000"] = scale.job_10000(client, _pids()["dispatcher"])
        _mesh_up()
    figures |= science
    figures |= {"cores": os.cpu_count(), "commit": _commit(), "date": datetime.now(UTC).date().isoformat()}
    _OUTPUT.parent.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=1) + "\n"
    _OUTPUT.write_text(text, encoding="utf-8")
    print(text, end="")


def _mesh_up(**environment: str) -> None:
    command = [sys.executable, "-m", "odamesh", "mesh", "up"]
    subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | environment)


def _pids() -> dict[str, int]:
    return {row.name: row.pid for row in mesh_processes.status() if row.pid}


def _commit() -> str:
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()


if __name__ == "__main__":
    main()
