"""What an earlier run of the tests left in the archive is kept only if the programs of now have made it."""

from pathlib import Path

import pytest

from tests import simulated_once as tested


@pytest.mark.parametrize("changed", ["services/one/simulator/a.py", "tests/given.py"])
def test_a_part_is_made_again_when_a_program_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    checkout, archive, made = tmp_path / "checkout", tmp_path / "archive", []
    for name in ("services/one/simulator/a.py", "services/one/simulator/b.py", "tests/given.py"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("first")
    archive.mkdir()
    monkeypatch.setattr(tested, "_CHECKOUT", checkout)

    def simulate() -> None:
        tested.simulated_once(
            archive, "one", ["services/one/simulator", "tests/given.py"], lambda: made.append(len(made))
        )

    (archive / "one-complete").touch()  # as it was marked before
    simulate()
    simulate()
    assert made == [0]
    (checkout / changed).write_text("second")
    simulate()
    assert made == [0, 1]


def test_a_part_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    def fail() -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        tested.simulated_once(tmp_path, "one", [], fail)
    made = []
    tested.simulated_once(tmp_path, "one", [], lambda: made.append(1))
    assert made
