"""`odamesh status`: servers, processes, queues, slots, alarms and the oldest work, on one screen."""

from dataclasses import asdict
from datetime import timedelta

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.stack import fail
from infra.overview.facts import real_facts
from infra.overview.screen import Screen, look
from infra.stack.problem import SetupProblem
from odamesh.command_line import AsJson, console, operators_part, print_json, say

app = operators_part("Show on one screen where the mesh stands.")


@app.command()
def run(as_json: AsJson = False) -> None:
    """Show servers, processes, what each instrument has to do, messages, the oldest work and alarms.

    Exit status: 0 all is up and no alarm is raised, 1 something is not.
    """
    try:
        screen = look(real_facts())
    except SetupProblem as problem:
        fail(problem)
    if as_json:
        print_json({**asdict(screen), "well": screen.well})
    else:
        show(console(), screen)
    if not screen.well:
        raise typer.Exit(1)


def show(shown: Console, screen: Screen) -> None:
    """Print the screen."""
    if screen.servers:
        down = [name for name, up in screen.servers.items() if not up]
        _line(shown, "servers", f"down: {', '.join(down)}" if down else f"all {len(screen.servers)} up", bad=bool(down))
    if screen.processes:
        late = {name: state for name, state in screen.processes.items() if state != "ready"}
        told = "; ".join(f"{name}: {state}" for name, state in late.items())
        _line(shown, "processes", told or f"all {len(screen.processes)} ready", bad=bool(late))
    if screen.rows:
        table = Table("instrument", "backlog", "queued", "running", "slots", "workers", box=None, pad_edge=False)
        for row in screen.rows:
            numbers = (row.waiting, row.queued, row.running, row.slots, row.workers)
            table.add_row(row.instrument, *map(str, numbers))
        shown.print(table)
    if screen.messages:
        _line(shown, "messages", ", ".join(f"{number} {queue}" for queue, number in screen.messages.items()))
    if "runs" not in screen.unknown:
        ages = (f"{lane} {timedelta(seconds=int(age))}" for lane, age in screen.oldest_s.items())
        _line(shown, "oldest run", ", ".join(ages) or "nothing is at work")
    for alarm in screen.alarms:
        _line(shown, "alarm", alarm, bad=True)
    if not screen.alarms and "alarms" not in screen.unknown:
        _line(shown, "alarms", "none is raised")
    for what, why in screen.unknown.items():
        _line(shown, what, f"not known: {why}", bad=True)
    if not screen.well:
        say(shown, "`odamesh doctor` says what to do")


def _line(shown: Console, what: str, text: str, *, bad: bool = False) -> None:
    say(shown, f"{what + ':':<12}{text}", "red" if bad else None)
