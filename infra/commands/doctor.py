"""`odamesh doctor`: checks everything and says what to do. Exit status 1 if something is wrong."""

from dataclasses import asdict

import typer
from rich.console import Console

from infra.commands.stack import fail
from infra.overview.checks import Finding, Verdict, examine
from infra.overview.facts import real_facts
from infra.stack.problem import SetupProblem
from odamesh.command_line import AsJson, console, operators_part, print_json, say

app = operators_part("Check everything and say what to do.")

_STYLES = {Verdict.WRONG: "red", Verdict.WORTH_A_LOOK: "yellow", Verdict.UNKNOWN: "yellow"}


@app.command()
def run(as_json: AsJson = False) -> None:
    """Check servers, processes, images, queues, runs, archive, machine and alarms; changes nothing.

    Exit status: 0 nothing is wrong, 1 something is, or could not be checked.
    """
    try:
        found = examine(real_facts())
    except SetupProblem as problem:
        fail(problem)
    if as_json:
        print_json([asdict(finding) for finding in found])
    else:
        _show(console(), found)
    if any(finding.verdict in (Verdict.WRONG, Verdict.UNKNOWN) for finding in found):
        raise typer.Exit(1)


def _show(shown: Console, found: list[Finding]) -> None:
    for finding in found:
        if finding.verdict is Verdict.GOOD:
            continue
        say(shown, f"{finding.check}: {finding.verdict.value}: {finding.what}", _STYLES[finding.verdict])
        say(shown, f"  -> {finding.do}")
    good = [finding.check for finding in found if finding.verdict is Verdict.GOOD]
    say(shown, f"good: {', '.join(good) or 'nothing'}")
