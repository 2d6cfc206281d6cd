"""The index of decisions lists every decision once, as its page is titled."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
ROW = re.compile(r"\| (\d{3}) \| \[(.+)\]\((.+\.md)\) \| \d{4}-\d{2}-\d{2} \| (holds|replaced by \d{3}) \|")


def test_the_index_lists_every_page_in_order() -> None:
    rows = [ROW.fullmatch(line) for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith("| 0")]
    listed = [(row[1], row[2], row[3]) for row in rows if row is not None]
    titles = [path.read_text().splitlines()[0].removeprefix("# ").partition(": ") for path in PAGES]
    assert listed == [(number, title, path.name) for (number, _, title), path in zip(titles, PAGES, strict=True)]
    assert len(listed) == len(rows), "a row has another form"


def test_numbers_are_given_once() -> None:
    assert [path.name[:3] for path in PAGES] == [f"{number:03d}" for number in range(1, len(PAGES) + 1)]
