"""Each rule of an alarm raises it on figures that call for it, after its time, and not on those that nearly do."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from infra.stack.layout import CHECKOUT

_RULES = CHECKOUT / "infra" / "prometheus"
_EVERY = {"alerts.yml": "15s", "objectives.yml": "1m"}
_REQUESTS = 'odamesh_gateway_requests_total{route="/api/v1/jobs",status="%s"}'
_WAITS = "odamesh_run_wait_seconds_%s"


@dataclass(frozen=True)
class Case:
    """Figures that raise an alarm, and figures that do not.

    Values are as promtool writes them: ``1x40`` is 41 ones, ``0+2x40`` grows by two each time. There is one every 15 s,
    of objectives one a minute.
    """

    alarm: str
    raised: Mapping[str, str]
    quiet: Mapping[str, str]
    at: str = "10m"
    """When to look."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What the alarm has beside its name and severity."""


def _wait(lane: str, le: str, late: int) -> dict[str, str]:
    """Return runs of a lane of which *late* in ten wait longer than *le*; ten start every minute."""
    return {
        _WAITS % "bucket" + f'{{lane="{lane}",le="{le}"}}': f"0+{10 - late}x1600",
        _WAITS % "count" + f'{{lane="{lane}"}}': "0+10x1600",
    }


def _acks(slow: int) -> dict[str, str]:
    """Return answers to senders of alerts, of which *slow* in a hundred take longer than a quarter of a second."""
    bucket = 'odamesh_alert_ack_seconds_bucket{le="%s"}'
    return {bucket % "0.1": f"0+{100 - slow}x60", bucket % "0.5": "0+100x60", bucket % "+Inf": "0+100x60"}


_NODE = 'node_filesystem_%s_bytes{instance="m",fstype="ext4",mountpoint="/data"}'
_TEMPORARY = 'node_filesystem_%s_bytes{instance="m",fstype="tmpfs",mountpoint="/run"}'
_HANDLED = 'odamesh_deliveries_total{queue="%s",outcome="%s",action="%s"}'
_QUEUE = 'rabbitmq_detailed_queue_messages{queue="%s"}'
_IN_LANE = 'rabbitmq_detailed_queue_messages_ready{queue="units.isgri.%s"}'
_CONSUMERS = 'rabbitmq_detailed_queue_consumers{queue="units.isgri.%s"}'
_READY = 'rabbitmq_detailed_queue_messages_ready{queue="%s"}'
_TAKES = 'rabbitmq_detailed_queue_consumers{queue="%s"}'
_POSTS = 'odamesh_webhook_posts_total{endpoint="%s",outcome="%s"}'
_DISABLED = 'odamesh_webhook_endpoint_disabled{endpoint="%s"}'
_UP = 'up{job="%s",instance="i"}'
_PROBE = 'probe_success{job="%s",instance="i"}'

CASES = (
    Case(
        "ServerDown",
        {_UP % "minio": "1x10 0x40"},
        {_UP % "minio": "1x38 0x1 1x10"},
        labels={"job": "minio", "instance": "i"},
    ),
    Case(
        "ServerDown", {_PROBE % "redis": "0x40"}, {_PROBE % "redis": "1x40"}, labels={"job": "redis", "instance": "i"}
    ),
    Case(
        "BrokerAlarm",
        {"rabbitmq_alarms_memory_used_watermark": "0x40", "rabbitmq_alarms_free_disk_space_watermark": "1x40"},
        {"rabbitmq_alarms_memory_used_watermark": "0x40", "rabbitmq_alarms_free_disk_space_watermark": "0x40"},
    ),
    Case(
        "DiskAlmostFull",
        {_NODE % "avail": "4x40", _NODE % "size": "100x40"},
        {
            _NODE % "avail": "6x40",
            _NODE % "size": "100x40",
            _TEMPORARY % "avail": "1x40",
            _TEMPORARY % "size": "100x40",
        },
        labels={"instance": "m", "fstype": "ext4", "mountpoint": "/data"},
    ),
    Case(
        "MemoryShort",
        {"node_memory_MemAvailable_bytes": "4x40", "node_memory_MemTotal_bytes": "100x40"},
        {"node_memory_MemAvailable_bytes": "6x40", "node_memory_MemTotal_bytes": "100x40"},
    ),
    Case(
        "ClockOff",
        # The clock of the test begins at zero; samples are 15 s apart.
        {'odamesh_clock_seconds{instance="i"}': "-600+15x40"},
        {'odamesh_clock_seconds{instance="i"}': "3+15x40"},
        labels={"instance": "i"},
    ),
    Case(
        "StoreAlmostFull",
        {"minio_cluster_capacity_usable_free_bytes": "9x80", "minio_cluster_capacity_usable_total_bytes": "100x80"},
        {"minio_cluster_capacity_usable_free_bytes": "11x80", "minio_cluster_capacity_usable_total_bytes": "100x80"},
    ),
    Case(
        "CertificateEnds",
        {'probe_ssl_earliest_cert_expiry{job="certificate",instance="i"}': "864000x40"},
        {'probe_ssl_earliest_cert_expiry{job="certificate",instance="i"}': "2592000x40"},
        labels={"job": "certificate", "instance": "i"},
    ),
    Case(
        "AlarmsNotDelivered",
        {'alertmanager_notifications_failed_total{integration="webhook",reason="other"}': "0+1x40"},
        {'alertmanager_notifications_failed_total{integration="webhook",reason="other"}': "5x40"},
        labels={"integration": "webhook"},
    ),
    Case(
        "ProcessDown",
        {_UP % "mesh": "1x10 0x40"},
        {_UP % "mesh": "0x40"},  # an instrument that was never started
        labels={"job": "mesh", "instance": "i"},
    ),
    Case(
        "NotReady",
        {_PROBE % "ready": "1x10 0x40"},
        {_PROBE % "ready": "1x36 0x6"},
        labels={"job": "ready", "instance": "i"},
    ),
    Case(
        "UnconfinedUnits",
        {'odamesh_runner{instrument="jemx",runner="local"}': "1x40"},
        {'odamesh_runner{instrument="jemx",runner="local"}': "0x40"},
        labels={"instrument": "jemx", "runner": "local"},
    ),
    Case(
        "ManyStreamsOpen",
        {'odamesh_gateway_streams{instance="a"}': "401x40", 'odamesh_gateway_streams{instance="b"}': "300x40"},
        {'odamesh_gateway_streams{instance="a"}': "300x40", 'odamesh_gateway_streams{instance="b"}': "300x40"},
        labels={"instance": "a"},
    ),
    Case("DeadLetters", {_QUEUE % "dead.isgri": "2x40"}, {_QUEUE % "events.7": "2x40"}, labels={"queue": "dead.isgri"}),
    Case(
        "MessagesDie",
        {'odamesh_deliveries_total{queue="requests",outcome="unreadable",action="dead"}': "0x20 1x40"},
        {'odamesh_deliveries_total{queue="requests",outcome="done",action="ack"}': "0+1x60"},
        labels={"queue": "requests", "outcome": "unreadable"},
    ),
    Case(
        "HandlersFail",
        {
            _HANDLED % ("events.cache", "transient", "hold"): "0+4x40",
            _HANDLED % ("events.cache", "done", "ack"): "0+3x40",
        },
        {
            _HANDLED % ("events.cache", "transient", "retry"): "0+3x40",
            _HANDLED % ("events.cache", "done", "ack"): "0+4x40",
            # Few, and what somebody else does already.
            _HANDLED % ("units.isgri.user", "transient", "retry"): "0x20 4x20",
            _HANDLED % ("units.jemx.user", "held", "retry"): "0+4x40",
        },
        labels={"queue": "events.cache"},
    ),
    Case("UnroutedMessages", {_QUEUE % "unrouted": "1x40"}, {_QUEUE % "unrouted": "0x40"}),
    Case(
        "LaneWithoutConsumer",
        {_IN_LANE % "user": "3x40", _CONSUMERS % "user": "0x40"},
        {_IN_LANE % "user": "3x40", _CONSUMERS % "user": "1x40"},
        labels={"queue": "units.isgri.user"},
    ),
    Case(
        "AlertLaneWaits",
        {_IN_LANE % "alert": "1x40", _CONSUMERS % "alert": "1x40"},
        {_IN_LANE % "user": "1x40", _CONSUMERS % "user": "1x40"},
        labels={"queue": "units.isgri.alert"},
    ),
    Case(
        "EventsPileUp",
        {_QUEUE % "events.7": "20000x40"},
        {_QUEUE % "events.7": "9000x40"},
        labels={"queue": "events.7"},
    ),
    Case(
        "SweepFails",
        {'odamesh_sweep_failures_total{kind="run"}': "0+1x60", "odamesh_sweep_completed_seconds": "0+15x60"},
        {'odamesh_sweep_failures_total{kind="run"}': "0x60", "odamesh_sweep_completed_seconds": "0+15x60"},
        labels={"kind": "run"},
    ),
    Case("SweepFails", {"odamesh_sweep_completed_seconds": "0x60"}, {"odamesh_sweep_completed_seconds": "0+15x60"}),
    Case("RunsParked", {"odamesh_runs_parked": "1x40"}, {"odamesh_runs_parked": "0x40"}),
    Case("RunsStandStill", {"odamesh_runs_still": "2x60"}, {"odamesh_runs_still": "2x18 0x60"}),
    Case("JobsNotPlanned", {"odamesh_jobs_unplanned": "1x60"}, {"odamesh_jobs_unplanned": "0x36 1x5"}),
    Case(
        "RunsTakeLong",
        {'odamesh_runs_oldest_seconds{lane="alert"}': "1900x60", 'odamesh_runs_oldest_seconds{lane="user"}': "1900x60"},
        {
            'odamesh_runs_oldest_seconds{lane="alert"}': "1700x60",
            'odamesh_runs_oldest_seconds{lane="user"}': "80000x60",
        },
        labels={"lane": "alert"},
    ),
    Case(
        "CacheOverLimit", {"odamesh_cache_over_limit_bytes": "5x90"}, {"odamesh_cache_over_limit_bytes": "0x90"}, "20m"
    ),
    Case(
        "CacheIndexIncomplete",
        {"odamesh_cache_index_complete": "0x90"},
        {"odamesh_cache_index_complete": "1x90"},
        "20m",
    ),
    Case(
        "AlertsNotTakenUp",
        {
            _READY % "alerts.1": "1x40",
            _TAKES % "alerts.1": "0x40",
            _READY % "requests": "1x40",
            _TAKES % "requests": "0x40",
        },
        {_READY % "transients.kafka": "1x40", _TAKES % "transients.kafka": "1x40"},
        labels={"queue": "alerts.1"},
    ),
    Case(
        "AlertWithoutRecord",
        {"odamesh_alert_unprocessed_seconds": "0+15x40"},
        {"odamesh_alert_unprocessed_seconds": "290x40"},
    ),
    Case("AlertAcksSlow", _acks(slow=2), _acks(slow=0)),
    Case(
        "HeartbeatSilent",
        {'odamesh_kafka_heartbeat_seconds{stream="gcn"}': "0+15x20 300x40"},
        {'odamesh_kafka_heartbeat_seconds{stream="gcn"}': "0+15x60"},
        labels={"stream": "gcn"},
    ),
    Case(
        "KafkaFails",
        {'odamesh_kafka_errors_total{stream="gcn",code="_AUTHENTICATION"}': "0+1x60"},
        {'odamesh_kafka_errors_total{stream="gcn",code="_TRANSPORT"}': "0x30 3x30"},
        labels={"stream": "gcn", "code": "_AUTHENTICATION"},
    ),
    Case(
        "TransientsNotSent",
        {_QUEUE % "transients.kafka": "3x90"},
        {_QUEUE % "transients.kafka": "3x30 0x2 3x30"},
        "15m",
        labels={"queue": "transients.kafka"},
    ),
    Case(
        "WebhookFails",
        {_POSTS % ("a", "no-answer"): "0+1x90", _DISABLED % "a": "0x90"},
        {
            **{_POSTS % ("a", "refused"): "0+1x90", _POSTS % ("a", "taken"): "0x40 1x50", _DISABLED % "a": "0x90"},
            **{_POSTS % ("disabled", "refused"): "0+1x90", _DISABLED % "disabled": "0x60 1x30"},
            **{_POSTS % ("removed", "refused"): "0+1x60", _DISABLED % "removed": "0x50"},
        },
        "20m",
        labels={"endpoint": "a"},
    ),
    Case(
        "WebhookDisabled",
        {_DISABLED % "a": "0x20 1x40"},
        {_DISABLED % "a": "0x60"},
        labels={"endpoint": "a"},
    ),
    Case(
        "DoorsFailFast",
        {_REQUESTS % "200": "0+980x300", _REQUESTS % "503": "0+20x300"},
        # The same share for half an hour, over for ten minutes.
        {_REQUESTS % "200": "0+980x300", _REQUESTS % "503": "0+20x58 1160x100"},
        "70m",
    ),
    Case(
        "DoorsFailSlowly",
        {_REQUESTS % "200": "0+990x1600", _REQUESTS % "500": "0+10x1600"},
        {_REQUESTS % "200": "0+998x1600", _REQUESTS % "500": "0+2x1600"},
        "390m",
    ),
    Case("AlertsWait", _wait("alert", "10.0", late=8), _wait("alert", "10.0", late=6), "70m"),
    Case("UsersWait", _wait("user", "300.0", late=4), _wait("user", "300.0", late=2), "390m"),
)


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("not installed: prometheus; `odamesh stack up` installs it")
    return found


def _alarms(file: str) -> dict[str, str]:
    """Return the alarms of a file of rules -> their severity."""
    groups = yaml.safe_load((_RULES / file).read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["labels"]["severity"] for group in groups for rule in group["rules"] if "alert" in rule}


def test_each_alarm_has_a_case() -> None:
    assert {case.alarm for case in CASES} == {name for file in _EVERY for name in _alarms(file)}


@pytest.mark.parametrize("file", _EVERY)
def test_alarms_are_raised_when_they_should_be_and_not_else(promtool: str, tmp_path: Path, file: str) -> None:
    rules = yaml.safe_load((_RULES / file).read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)  # promtool would compare them as well
    (tmp_path / file).write_text(json.dumps(rules), encoding="utf-8")
    tests = []
    for case in CASES:
        if severity := _alarms(file).get(case.alarm):
            tests.append(
                _test(case, _EVERY[file], case.raised, [{"exp_labels": {**case.labels, "severity": severity}}])
            )
            tests.append(_test(case, _EVERY[file], case.quiet, []))
    content = {"rule_files": [file], "evaluation_interval": _EVERY[file], "tests": tests}
    (tmp_path / "cases.yml").write_text(json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "cases.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _test(case: Case, every: str, figures: Mapping[str, str], expected: list[dict[str, object]]) -> dict[str, object]:
    return {
        "interval": every,
        "name": f"{case.alarm} {'raised' if expected else 'quiet'}",
        "input_series": [{"series": series, "values": values} for series, values in figures.items()],
        "alert_rule_test": [{"eval_time": case.at, "alertname": case.alarm, "exp_alerts": expected}],
    }
