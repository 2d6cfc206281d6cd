"""The record of acceptance bars keeps what was measured, and a missed bar does not pass unseen."""

import json
from pathlib import Path

import numpy as np

from tests.science.bars import BarRecord, Bars
from tests.science.page import page


def test_a_run_begins_anew_and_keeps_every_bar(tmp_path: Path) -> None:
    path = tmp_path / "out" / "bars.json"
    path.parent.mkdir()
    path.write_text('[{"bar": "of an earlier run"}]')
    record = BarRecord(path)
    assert not path.exists()
    bars = Bars(record.add)
    bars.record("B-3", "std", np.float32(1.00123456), "1.00 +- 0.01", np.bool_(True))
    bars.record("B-20", "offsets", np.array([0.1, np.nan]), "all < 0.3", False, reason="one burst has no place")
    assert json.loads(path.read_text()) == [
        {"bar": "B-3", "what": "std", "figure": 1.0012, "limit": "1.00 +- 0.01", "holds": True},
        {
            "bar": "B-20",
            "what": "offsets",
            "figure": [0.1, "nan"],
            "limit": "all < 0.3",
            "holds": False,
            "reason": "one burst has no place",
        },
    ]
    assert not bars.unexplained


def test_a_missed_bar_without_a_reason_is_remembered(tmp_path: Path) -> None:
    bars = Bars(BarRecord(None).add)
    bars.record("B-4", "false alarms", 3, "0", False)
    bars.record("B-4", "highest peak", 5.5, "< 6", True, reason="not needed")
    assert bars.unexplained == ["B-4 false alarms: 3, limit 0"]


def test_the_page_shows_every_bar_of_a_run_by_number_and_says_why_one_does_not_hold() -> None:
    kept: list[dict[str, object]] = []
    bars = Bars(kept.append)
    bars.record("-", "share | of all", 0.5, "< 1", True)
    bars.record("B-10", "std", [1.0, 2.0], "1.00 +- 0.01", False)
    bars.record("B-9", "found", {"near": 3}, "3", False, reason="too faint")
    text = page(kept, "2026-11-30")
    rows = [line for line in text.splitlines() if line.startswith(("| B", "| - |"))]
    assert rows == [
        "| B-9 | found | near 3 | 3 | **no** |",
        "| B-10 | std | 1.0, 2.0 | 1.00 +- 0.01 | **no** |",
        "| - | share \\| of all | 0.5 | < 1 | yes |",
    ]
    assert "1 of 3 bars hold" in text
    assert "- B-9 found: near 3. too faint." in text
    assert "- B-10 std: 1.0, 2.0. No reason is known: its test failed." in text
