"""What the commands share: options, output as text or JSON, and exceptions as clear lines with an exit status."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from odamesh import completion
from odamesh.errors import (
    IncompleteSelection,
    MeshUnavailable,
    OdameshError,
    RequestRefused,
    TooMuchWaiting,
    WouldOverwrite,
    WrongValue,
)
from odamesh.exit_status import ExitStatus
from odamesh.transport import DEFAULT_URL

PIPE_WIDTH = 200
"""What reads a pipe wants whole lines."""

Url = Annotated[
    str | None, typer.Option("--url", envvar="ODAMESH_URL", help="Address of the gateway.", show_default=DEFAULT_URL)
]
JobId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of the job, or its first digits.", autocompletion=completion.jobs, show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
User = Annotated[str | None, typer.Option(envvar="ODAMESH_USER", help="Whose job it is.", show_default=False)]


def operators_part(help_text: str) -> typer.Typer:
    """Return a part of the command for operators, whose help looks like that of the others."""
    return typer.Typer(
        help=help_text,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_show_locals=False,
    )


def console() -> Console:
    """Return the console of what a command prints."""
    made = Console()
    if not made.is_terminal:
        made.width = max(made.width, PIPE_WIDTH)
    return made


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is: brackets are brackets, and the terminal breaks it, so that commands can be copied."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def print_json(content: Any) -> None:
    """Print JSON for programs."""
    print(json.dumps(content, indent=1, ensure_ascii=False))


@contextmanager
def errors() -> Iterator[None]:
    """Turn exceptions into a clear line on standard error and an exit status."""
    try:
        yield
    except (RequestRefused, IncompleteSelection, WrongValue, WouldOverwrite) as error:
        raise _end(error, ExitStatus.USAGE) from error
    except (MeshUnavailable, TooMuchWaiting) as error:
        raise _end(error, ExitStatus.UNAVAILABLE) from error
    except (OdameshError, OSError) as error:
        raise _end(error, ExitStatus.FAILED) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(ExitStatus.INTERRUPTED) from error


def _end(error: Exception, status: ExitStatus) -> typer.Exit:
    for line in str(error).splitlines():
        say(Console(stderr=True), f"error: {line}", "red")
    return typer.Exit(status)
