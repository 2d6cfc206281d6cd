"""Two small programs that Prometheus asks: about this machine, and whether servers and processes answer.

A process that hangs still has figures of its own, so whether it takes work is asked from outside.
"""

import json
import shutil
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from infra.stack.endpoints import LOOPBACK
from infra.stack.server import Server

_MODULES = {
    "modules": {
        "ready": {"prober": "http", "timeout": "4s", "http": {"preferred_ip_protocol": "ip4"}},
        "answers": {"prober": "tcp", "timeout": "4s", "tcp": {"preferred_ip_protocol": "ip4"}},
        # The certificate is looked at however it is signed: whether it is trusted is for the callers to say.
        "certificate": {
            "prober": "tcp",
            "timeout": "4s",
            "tcp": {"preferred_ip_protocol": "ip4", "tls": True, "tls_config": {"insecure_skip_verify": True}},
        },
    }
}


class _Exporter(Server):
    program: str
    variable: str

    @property
    def named_by(self) -> str:
        return ""

    @property
    def ports(self) -> Mapping[str, int]:
        return {self.variable: int(self.address.rpartition(":")[2])}

    def version(self) -> str | None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{self.address}/metrics", timeout=5) as response:
                text = response.read().decode()
        except OSError:
            return None
        (line,) = [line for line in text.splitlines() if line.startswith(f"{self.program}_build_info")] or [""]
        return line.partition(',version="')[2].partition('"')[0] or None

    def prepare(self) -> None:
        self.own_directory()


class MachineExporter(_Exporter):
    """Processor, memory, disks and clock of this machine (node_exporter)."""

    name = "machine"
    packages = ("prometheus-node-exporter",)
    program = "node_exporter"
    variable = "ODAMESH_MACHINE_PORT"

    @property
    def address(self) -> str:  # noqa: D102
        return f"{LOOPBACK}:{self.endpoints.machine_port}"

    def launch(self) -> None:  # noqa: D102
        self.spawn(["prometheus-node-exporter", *self.arguments()], {})

    def arguments(self) -> list[str]:
        """Return what its program is started with; that of `compose.yaml` has the same."""
        asked = ("cpu", "meminfo", "filesystem", "diskstats", "netdev", "loadavg", "timex", "stat", "uname")
        collectors = [f"--collector.{name}" for name in asked]
        return [f"--web.listen-address={self.address}", "--collector.disable-defaults", *collectors]


class ProbeExporter(_Exporter):
    """Asks servers and processes whether they answer (blackbox_exporter)."""

    name = "probes"
    packages = ("prometheus-blackbox-exporter",)
    program = "blackbox_exporter"
    variable = "ODAMESH_PROBES_PORT"

    @property
    def address(self) -> str:  # noqa: D102
        return f"{LOOPBACK}:{self.endpoints.probes_port}"

    def prepare(self) -> None:  # noqa: D102
        super().prepare()
        self._modules.write_text(json.dumps(_MODULES) + "\n")
        if owner := self.owner():
            shutil.chown(self._modules, *owner)

    def launch(self) -> None:  # noqa: D102
        self.spawn(["prometheus-blackbox-exporter", *self.arguments()], {})

    def arguments(self) -> list[str]:
        """Return what its program is started with; that of `compose.yaml` has the same."""
        return [f"--config.file={self._modules}", f"--web.listen-address={self.address}"]

    @property
    def _modules(self) -> Path:
        return self.directory / "modules.yml"
