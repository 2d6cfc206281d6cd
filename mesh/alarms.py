"""The alarms that Alertmanager holds now."""

from typing import Any

import httpx

from mesh.contracts.document import Part
from mesh.errors import WatcherUnavailable

_STATES = {"active": "raised", "suppressed": "held back", "unprocessed": "raised"}
_SECONDS = 10.0


class Alarm(Part):
    """One alarm."""

    alarm: str
    severity: str
    """``page``: somebody has to look now; ``ticket``: on the next working day."""
    since: str
    state: str
    """``raised``, or ``held back`` by a silence or by another alarm."""
    summary: str
    action: str
    runbook: str
    """Where it is explained, in the documentation."""
    labels: dict[str, str]


def alarms(address: str) -> list[Alarm]:
    """Return the alarms, the urgent ones first.

    Args:
        address: of Alertmanager, ``http://host:port``; empty where nobody said.

    Raises:
        WatcherUnavailable: it does not answer.
    """
    if not address:
        raise WatcherUnavailable("WatcherUnavailable", "nothing says where Alertmanager is: run `odamesh stack up`")
    try:
        with httpx.Client(base_url=address, timeout=_SECONDS, trust_env=False) as client:
            found = client.get("/api/v2/alerts").raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        text = f"no Alertmanager answers at {address}: `odamesh stack up` starts it"
        raise WatcherUnavailable("WatcherUnavailable", text) from error
    return sorted(map(_alarm, found), key=lambda alarm: (alarm.severity, alarm.since))


def _alarm(told: dict[str, Any]) -> Alarm:
    labels, notes = told["labels"], told["annotations"]
    return Alarm(
        alarm=labels["alertname"],
        severity=labels.get("severity", ""),
        since=told["startsAt"],
        state=_STATES.get(told["status"]["state"], told["status"]["state"]),
        summary=notes.get("summary", ""),
        action=notes.get("action", ""),
        runbook=notes.get("runbook", ""),
        labels={name: value for name, value in labels.items() if name not in ("alertname", "severity")},
    )
