"""Prometheus: scrapes and probes the mesh and its servers, hands on alarms, shows dashboards."""

import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from infra.dashboards.boards import DASHBOARDS
from infra.dashboards.console import console
from infra.stack import mesh_processes
from infra.stack.endpoints import LOOPBACK
from infra.stack.server import Server

_CONFIGURATION = Path(__file__).resolve().parent.parent / "prometheus"
_RULES = ("alerts.yml", "objectives.yml")
_KEPT = "30d"
_PROBED_BY = "__probed_by"
"""Label of a target that Prometheus has probed instead of asking it; prometheus.yml knows it."""


class PrometheusServer(Server):
    """Keeps the figures that operators watch."""

    name = "prometheus"
    packages = ("prometheus",)

    @property
    def address(self) -> str:  # noqa: D102
        return self.endpoints.prometheus_url

    @property
    def named_by(self) -> str:  # noqa: D102
        named = self.endpoints.named.get("prometheus")
        return named.variable if named else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {"ODAMESH_PROMETHEUS_PORT": int(self.endpoints.prometheus_url.rpartition(":")[2])}

    def version(self) -> str | None:  # noqa: D102
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/api/v1/status/buildinfo", timeout=5) as response:
                return str(json.load(response)["data"]["version"])
        except (OSError, ValueError, KeyError):
            return None

    def prepare(self) -> None:  # noqa: D102
        self.own_directory()
        self.own_directory("data")
        self.own_directory("consoles")
        self._write_configuration()

    def launch(self) -> None:  # noqa: D102
        self.spawn(["prometheus", *self.arguments()], {})

    def arguments(self) -> list[str]:
        """Return what its program is started with; that of `compose.yaml` has the same."""
        consoles = self.directory / "consoles"
        return [
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--storage.tsdb.retention.time={_KEPT}",
            f"--web.console.templates={consoles}",
            f"--web.console.libraries={consoles}",
            # Examples of traces beside histograms.
            "--enable-feature=exemplar-storage",
            # An alarm that Alertmanager did not take is offered again at once: it may only just have come up.
            "--rules.alert.resend-delay=5s",
            f"--web.listen-address={LOOPBACK}:{self.ports['ODAMESH_PROMETHEUS_PORT']}",
        ]

    def configure(self) -> None:
        """Have our own server read rules and targets again if they changed."""
        record = self.pid_file.read()
        if record and self._write_configuration():
            os.kill(record.pid, signal.SIGHUP)

    def _write_configuration(self) -> bool:
        """Rules from the project, targets of this machine; False if nothing changed."""
        contents = {name: (_CONFIGURATION / name).read_text() for name in ("prometheus.yml", *_RULES)}
        for job, addresses in self._targets().items():
            contents[f"targets-{job}.json"] = json.dumps([{"targets": addresses}]) + "\n"
        for job, addresses in self._probed().items():
            labels = {_PROBED_BY: f"{LOOPBACK}:{self.endpoints.probes_port}"}
            contents[f"targets-{job}.json"] = json.dumps([{"targets": addresses, "labels": labels}]) + "\n"
        for dashboard in DASHBOARDS:
            contents[f"consoles/{dashboard.name}.html"] = console(dashboard, DASHBOARDS)
        self.own_directory("consoles")
        changed = False
        for name, content in contents.items():
            path = self.directory / name
            if not path.exists() or path.read_text() != content:
                path.write_text(content)
                if owner := self.owner():
                    shutil.chown(path, *owner)
                changed = True
        return changed

    def _targets(self) -> dict[str, list[str]]:
        return {
            "mesh": [f"{LOOPBACK}:{port}" for port in mesh_processes.ports().values()],
            "rabbitmq": [f"{self.endpoints.amqp_host}:{self.endpoints.amqp_metrics_port}"],
            "minio": [self.endpoints.s3_endpoint],
            "machine": [f"{LOOPBACK}:{self.endpoints.machine_port}"],
            "alertmanager": [urlsplit(self.endpoints.alertmanager_url).netloc],
            "prometheus": [urlsplit(self.endpoints.prometheus_url).netloc],
        }

    def _probed(self) -> dict[str, list[str]]:
        return {
            "ready": [f"http://{LOOPBACK}:{port}/readyz" for port in mesh_processes.ports().values()],
            "redis": [f"{self.endpoints.redis_host}:{self.endpoints.redis_port}"],
            "certificate": self.layout.edge_address.read_text().split() if self.layout.edge_address.exists() else [],
        }
