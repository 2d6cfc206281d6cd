"""Commands on names and times: resolve, time."""

from typing import Annotated

import typer

from odamesh.client import connect
from odamesh.command_line import AsJson, Url, console, errors, print_json, say


def resolve(
    name: Annotated[str, typer.Argument(help="Name of a source, e.g. 'GX 1+4'.")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Find the position of a source by its name."""
    with errors(), connect(url) as mesh:
        found = mesh.resolve(name)
        if as_json:
            print_json(found)
            return
        others = f", also {', '.join(found['other_names'])}" if found["other_names"] else ""
        kind = f" ({found['kind']})" if found["kind"] else ""
        say(console(), f"{found['name']}{kind}{others}")
        say(console(), f"RA {found['ra']:.5f}  Dec {found['dec']:+.5f}  degrees, ICRS; {found['origin']}")


def time(
    value: Annotated[
        str, typer.Argument(help="A time, e.g. 2018-10-29T12:00:00, 'MJD 58420.5', 'REV 2016'; or a science window.")
    ],
    form: Annotated[
        str,
        typer.Option("--format", help="Format, as astropy calls it, or ijd; by default the text tells."),
    ] = "",
    scale: Annotated[str, typer.Option(help="Time scale of dates and days: utc, tt or tai.")] = "utc",
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Convert a time to every form.

    UTC, TT, MJD, JD, IJD, UNIX, GPS, revolution and science window.
    """
    out = console()
    with errors(), connect(url) as mesh:
        found = mesh.time(value, format=form, scale=scale)
        if as_json:
            print_json(found)
            return
        rows = [("start", found), ("stop", found["stop"])] if found["stop"] else [("", found)]
        for word, instant in rows:
            if word:
                say(out, word)
            for name in ("utc", "tt", "mjd_utc", "mjd_tt", "jd_utc", "ijd", "unix", "gps", "revolution", "scw"):
                if instant[name] is not None:
                    number = isinstance(instant[name], float)
                    text = f"{instant[name]:.{6 if name in {'unix', 'gps'} else 9}f}" if number else str(instant[name])
                    say(out, f"{name:>10}  {text}")
        if found["note"]:
            say(out, found["note"], "yellow")
