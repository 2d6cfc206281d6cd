"""What Alertmanager is told: which alarm goes to whom, how long it waits, and which cause hides which effect.

https://prometheus.io/docs/alerting/latest/configuration/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.alarms.receivers import Receivers

PAGE, TICKET = "page", "ticket"
_NOBODY = "nobody"
_HIDES: Mapping[str, Sequence[str]] = {
    "ServerDown": (
        *("NotReady", "LaneWithoutConsumer", "JobsNotPlanned", "RunsStandStill", "SweepFails", "EventsPileUp"),
        "HandlersFail",
        *("AlertsNotTakenUp", "AlertWithoutRecord", "TransientsNotSent"),
    ),
    "BrokerAlarm": ("LaneWithoutConsumer", "AlertLaneWaits", "EventsPileUp", "JobsNotPlanned", "AlertWithoutRecord"),
    "DiskAlmostFull": ("BrokerAlarm", "StoreAlmostFull"),
}
"""Cause -> what follows from it everywhere: one message of the cause instead of one of each effect."""
_AT_ONE_PLACE: Mapping[str, Sequence[str]] = {"ProcessDown": ("NotReady", "ClockOff")}
"""The same of one process or server: both have its address as label ``instance``."""


def configuration(receivers: Receivers) -> dict[str, Any]:
    """Return the configuration of Alertmanager, to be written as JSON, which is YAML as well."""
    addresses = {PAGE: receivers.page, TICKET: receivers.ticket}
    return {
        "route": {
            "receiver": _NOBODY,
            "group_by": ["alertname"],
            "group_wait": "5s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": [
                {"receiver": PAGE, "matchers": [f'severity="{PAGE}"']},
                # Whoever reads tickets reads them once a day: what follows from one cause may as well come together.
                {"receiver": TICKET, "matchers": [f'severity="{TICKET}"'], "group_wait": "30s"},
            ],
        },
        "inhibit_rules": [_rule(cause, effects) for cause, effects in _HIDES.items()]
        + [_rule(cause, effects, "instance") for cause, effects in _AT_ONE_PLACE.items()],
        "receivers": [{"name": _NOBODY}]
        + [
            {"name": name, "webhook_configs": [{"url": str(url), "send_resolved": True} for url in urls]}
            for name, urls in addresses.items()
        ],
    }


def held_back_by(alarm: str) -> list[str]:
    """Return the alarms that hold another back, wherever both are raised."""
    return [cause for cause, effects in _HIDES.items() if alarm in effects]


def _rule(cause: str, effects: Sequence[str], *equal: str) -> dict[str, Any]:
    return {
        "source_matchers": [f'alertname="{cause}"'],
        "target_matchers": [f'alertname=~"{"|".join(effects)}"'],
        "equal": list(equal),
    }
