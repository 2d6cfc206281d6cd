"""Writes the folder of a new instrument from the template: it runs as it is, to be changed step by step."""

import string
from pathlib import Path

from infra.stack.layout import CHECKOUT
from infra.stack.problem import SetupProblem
from mesh.instruments import instrument_folders, wrong_name
from mesh.ports import next_free

_TEMPLATE = Path(__file__).with_name("template")
_ENDING = ".template"


def write_folder(name: str, title: str, project: Path = CHECKOUT) -> list[Path]:
    """Write `services/<name>` and return its files.

    Args:
        name: of the instrument and of the folder.
        title: for people, in one line of letters, digits, blanks and ``-./``.
        project: the checkout.

    Raises:
        SetupProblem: the name or the title cannot be, or something of that name is there.
    """
    if not (project / "pyproject.toml").is_file():
        message = f"{project} is no checkout of the project: make instruments in one"
        raise SetupProblem(message)
    if reason := wrong_name(name):
        raise SetupProblem(reason)
    if not title or not set(title) <= set(string.ascii_letters + string.digits + " -./"):
        message = f"{title!r} cannot be its title: take letters, digits, blanks and - . /"
        raise SetupProblem(message)
    folder = project / "services" / name
    if folder.exists() or name in instrument_folders():
        message = f"{folder} is there already: take another name, or remove it first"
        raise SetupProblem(message)
    values = {"name": name, "title": title, "port": str(next_free())}
    written = []
    for template in sorted(_TEMPLATE.rglob(f"*{_ENDING}")):
        path = folder / str(template.relative_to(_TEMPLATE)).removesuffix(_ENDING)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(string.Template(template.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        written.append(path)
    return written
