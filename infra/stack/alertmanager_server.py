"""Alertmanager: hands alarms to the people whom ``alarms.toml`` names, once and in one piece."""

import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Mapping

from infra.alarms.receivers import read_receivers
from infra.alarms.routes import configuration
from infra.stack.endpoints import LOOPBACK
from infra.stack.server import Server


class AlertmanagerServer(Server):
    """Groups alarms, holds back what follows from another, takes silences."""

    name = "alertmanager"
    packages = ("prometheus-alertmanager",)

    @property
    def address(self) -> str:  # noqa: D102
        return self.endpoints.alertmanager_url

    @property
    def named_by(self) -> str:  # noqa: D102
        named = self.endpoints.named.get("alertmanager")
        return named.variable if named else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {"ODAMESH_ALERTMANAGER_PORT": int(self.endpoints.alertmanager_url.rpartition(":")[2])}

    def version(self) -> str | None:  # noqa: D102
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/api/v2/status", timeout=5) as response:
                return str(json.load(response)["versionInfo"]["version"])
        except (OSError, ValueError, KeyError):
            return None

    def prepare(self) -> None:  # noqa: D102
        self.own_directory()
        self.own_directory("data")
        self._write_configuration()

    def launch(self) -> None:  # noqa: D102
        self.spawn(["prometheus-alertmanager", *self.arguments()], {})

    def arguments(self) -> list[str]:
        """Return what its program is started with; that of `compose.yaml` has the same."""
        return [
            f"--config.file={self.directory / 'alertmanager.yml'}",
            f"--storage.path={self.directory / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.ports['ODAMESH_ALERTMANAGER_PORT']}",
            "--cluster.listen-address=",  # one Alertmanager alone: it looks for no others
        ]

    def configure(self) -> None:
        """Have our own server read its configuration again if the receivers or the routes changed."""
        record = self.pid_file.read()
        if record and self._write_configuration():
            os.kill(record.pid, signal.SIGHUP)

    def _write_configuration(self) -> bool:
        content = json.dumps(configuration(read_receivers(self.layout.alarms)), indent=1) + "\n"
        path = self.directory / "alertmanager.yml"
        if path.exists() and path.read_text() == content:
            return False
        path.write_text(content)
        if owner := self.owner():
            shutil.chown(path, *owner)
        path.chmod(0o600)
        return True
