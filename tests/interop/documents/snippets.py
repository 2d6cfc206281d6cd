"""Pieces of code in the documentation: fenced blocks of pages, and cells of notebooks."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
RUN = ("python", "sh")
"""Languages of what a reader is to run; other blocks show output, settings or addresses."""
_FENCE = re.compile(r"^```([a-z]*)$")
_NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")


@dataclass(frozen=True)
class Snippet:
    """One piece.

    Args:
        place: page and line.
        language: one of `RUN`.
        text: the code.
        not_run: why it is not run; empty: it is. A page says so in a comment above the block.
    """

    place: str
    language: str
    text: str
    not_run: str = ""


def pages() -> list[Path]:
    """Return the pages and notebooks of the documentation that have code."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs").glob("*.ipynb"))]
    return [page for page in found if any(snippets(page))]


def snippets(page: Path) -> Iterator[Snippet]:
    """Yield what a page has, in its order."""
    name = page.relative_to(ROOT)
    if page.suffix == ".ipynb":
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells, 1):
            if cell["cell_type"] == "code":
                yield Snippet(f"{name}, cell {number}", "python", "".join(cell["source"]))
        return
    before, language, begin = "", "", 0
    block: list[str] | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and block is None:
            language, begin, block = fence[1], number, []
        elif fence and block is not None:
            if language in RUN:
                reason = _NOT_RUN.match(before)
                yield Snippet(f"{name}:{begin}", language, "\n".join(block), reason[1] if reason else "")
            before, block = "", None
        elif block is not None:
            block.append(line)
        elif line.strip():
            before = line
