"""`odamesh alarms`: what somebody has to look at now, what each alarm means, and silences while somebody does."""

import getpass
import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import typer
from rich.table import Table

from infra.commands.stack import fail
from infra.stack.endpoints import Endpoints
from infra.stack.layout import CHECKOUT
from infra.stack.problem import SetupProblem
from mesh.alarms import Alarm, alarms
from mesh.errors import WatcherUnavailable
from odamesh.command_line import AsJson, console, operators_part, print_json, say

app = operators_part("Alarms: those that are raised now, what each means, and silences.")

_RUNBOOK = CHECKOUT / "docs" / "runbook.md"
_TIMEOUT_S = 10.0
Name = Annotated[str, typer.Argument(help="Name of the alarm.")]


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """List the alarms that are raised now, the urgent ones first; exit status 1 where there are any."""
    try:
        found = alarms(Endpoints.from_environment().alertmanager_url)
    except (WatcherUnavailable, SetupProblem) as error:
        fail(SetupProblem(error.text if isinstance(error, WatcherUnavailable) else str(error)))
    if as_json:
        print_json([alarm.model_dump() for alarm in found])
    else:
        _print(found)
    if any(alarm.state == "raised" for alarm in found):
        raise typer.Exit(1)


@app.command()
def explain(name: Name) -> None:
    """Print the runbook's section of an alarm: what it means, why it comes, what to do."""
    sections = _sections()
    name = _known(name, sections)
    say(console(), f"{name}\n\n{sections[name]}")


@app.command()
def silence(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who wonder.")],
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=24 * 30, help="How long.")] = 2.0,
) -> None:
    """Hold an alarm back for some hours, wherever it is raised; it is still listed."""
    name = _known(name, _sections())
    now = datetime.now(UTC)
    wish = {
        "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=hours)).isoformat(),
        "createdBy": getpass.getuser(),
        "comment": reason,
    }
    with _alertmanager() as client:
        made = client.post("/api/v2/silences", json=wish).raise_for_status().json()
    say(console(), f"{name} is held back for {hours:g} h; `odamesh alarms speak {made['silenceID']}` ends that")


@app.command()
def speak(silence_id: Annotated[str, typer.Argument(metavar="SILENCE", help="Id of the silence.")]) -> None:
    """End a silence."""
    with _alertmanager() as client:
        client.delete(f"/api/v2/silence/{silence_id}").raise_for_status()
    say(console(), f"silence {silence_id} has ended")


def _sections() -> dict[str, str]:
    """Return the sections of the runbook by the alarm that each is of."""
    sections = re.split(r"^## ", _RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title.strip(): body.strip() for title, _, body in (section.partition("\n") for section in sections)}


def _known(name: str, sections: Collection[str]) -> str:
    """Return an alarm as it is written; one that does not exist ends the command: its silence would hold nothing."""
    found = next((title for title in sections if title.lower() == name.lower()), None)
    if found is None:
        fail(SetupProblem(f"there is no alarm {name}; the runbook has {', '.join(sorted(sections))}"))
    return found


@contextmanager
def _alertmanager() -> Iterator[httpx.Client]:
    """Yield a client of Alertmanager; its errors end the command with one line."""
    address = Endpoints.from_environment().alertmanager_url
    try:
        with httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=False) as client:
            yield client
    except httpx.HTTPStatusError as error:
        fail(SetupProblem(f"Alertmanager refused: {error.response.text.strip()}"))
    except httpx.TransportError:
        fail(SetupProblem(f"no Alertmanager answers at {address}: `odamesh stack up` starts it"))


def _print(found: list[Alarm]) -> None:
    if not found:
        say(console(), "no alarm is raised")
        return
    table = Table("alarm", "severity", "for", "state", "what", "do", box=None, pad_edge=False)
    for one in found:
        age = timedelta(seconds=int(time.time() - datetime.fromisoformat(one.since).timestamp()))
        table.add_row(one.alarm, one.severity, str(age), one.state, one.summary, one.action)
    console().print(table)
    say(console(), "`odamesh alarms explain NAME` says more of each")
