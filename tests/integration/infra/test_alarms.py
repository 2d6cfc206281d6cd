"""Real Prometheus, exporters and Alertmanager: everything is watched, and an alarm reaches whom `alarms.toml` names."""

import json
import time
from collections.abc import Callable

import httpx
from typer.testing import CliRunner

from infra.commands import alarms
from infra.stack.stack import Stack
from tests.alarms.receiver import receiving

_PATIENCE_S = 90.0


def test_an_alarm_reaches_its_receiver_and_what_follows_from_it_does_not(stack: Stack) -> None:
    stack.alertmanager.ensure()
    with receiving() as receiver:
        stack.setting.layout.alarms.write_text(f'page = ["{receiver.url}"]\n', encoding="utf-8")
        stack.alertmanager.ensure()  # reads the receivers again, without a restart
        _raise(stack, "ServerDown", "page", job="redis", instance="i")
        _raise(stack, "SweepFails", "page", kind="run")  # held back: it follows from the other
        _raise(stack, "DeadLetters", "ticket", queue="dead.isgri")  # for another receiver, and there is none
        assert receiver.wait("ServerDown", since=0.0, seconds=time.monotonic() + _PATIENCE_S) is not None
        assert receiver.told() == [("ServerDown", "firing")]

    answer = CliRunner().invoke(alarms.app, ["list", "--json"])
    assert answer.exit_code == 1, "somebody has to look"
    rows = {row["alarm"]: (row["severity"], row["state"]) for row in json.loads(answer.output)}
    assert rows == {
        "ServerDown": ("page", "raised"),
        "SweepFails": ("page", "held back"),
        "DeadLetters": ("ticket", "raised"),
    }
    for name in ("ServerDown", "DeadLetters"):
        held = CliRunner().invoke(alarms.app, ["silence", name, "--reason", "at work", "--hours", "1"])
        assert "is held back for 1 h" in held.output
    _until(lambda: CliRunner().invoke(alarms.app, ["list"]).exit_code == 0)
    silence = held.output.split("speak ")[1].split("`")[0]
    assert CliRunner().invoke(alarms.app, ["speak", silence]).exit_code == 0
    _until(lambda: CliRunner().invoke(alarms.app, ["list"]).exit_code == 1)


def test_without_alertmanager_one_line_says_what_to_do(stack: Stack) -> None:
    stack.alertmanager.stop()
    answer = CliRunner().invoke(alarms.app, ["list"])
    assert answer.exit_code == 1
    assert answer.stderr.startswith("odamesh: no Alertmanager answers at http://127.0.0.1:")


def test_prometheus_has_every_kind_of_target_and_an_alertmanager(stack: Stack) -> None:
    for server in (stack.redis, stack.alertmanager, stack.machine, stack.probes, stack.prometheus):
        server.ensure()
    with httpx.Client(base_url=stack.prometheus.address, trust_env=False) as client:

        def answering() -> set[str]:
            targets = client.get("/api/v1/targets").json()["data"]["activeTargets"]
            return {target["labels"]["job"] for target in targets if target["health"] == "up"}

        # Nothing else of this stack runs; that is seen as well, not left out.
        _until(lambda: answering() == {"prometheus", "alertmanager", "machine", "redis", "ready"})
        _until(lambda: _value(client, 'probe_success{job="redis"}') == 1)
        _until(lambda: _value(client, 'max(probe_success{job="ready"})') == 0)
        _until(lambda: client.get("/api/v1/alertmanagers").json()["data"]["activeAlertmanagers"] != [])
        rules = client.get("/api/v1/rules").json()["data"]["groups"]
        assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"}


def _value(client: httpx.Client, query: str) -> float | None:
    found = client.get("/api/v1/query", params={"query": query}).json()["data"]["result"]
    return float(found[0]["value"][1]) if found else None


def _raise(stack: Stack, name: str, severity: str, **labels: str) -> None:
    alarm = {"labels": {"alertname": name, "severity": severity, **labels}, "annotations": {"summary": "it is"}}
    answer = httpx.post(f"{stack.alertmanager.address}/api/v2/alerts", json=[alarm], trust_env=False)
    answer.raise_for_status()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"it did not come to be within {_PATIENCE_S:g} s"
        time.sleep(0.2)
