"""Which windows of an archive stand for an epoch."""

from dataclasses import replace

import pytest

from mesh.archive.epochs import epoch_of, windows_near, windows_of_epochs
from mesh.archive.index import Entry, Index
from mesh.archive.scw import ScwId
from mesh.instrument import Epochs
from tests.unit.archive.windows import EVENTS, entry

EPOCHS = Epochs(revolutions=20, windows=6, least=3, apart_deg=0.3)
_NAME = "epoch-2000-2019"


def _window(number: int, revolution: int = 2016, ra: float | None = None) -> Entry:
    return entry(_label(number, revolution), "2018-10-29T03:00:00", ra=266.0 + number if ra is None else ra)


def _label(number: int, revolution: int = 2016) -> str:
    return f"{revolution:04d}{number:04d}0010.001"


def _chosen(entries: list[Entry], label: str = _label(1)) -> tuple[str, ...]:
    return windows_of_epochs(Index(entries, "test"), [label], EPOCHS, EVENTS).get(_NAME, ())


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("201600270010.001", _NAME),
        ("200000270010", _NAME),
        ("199900270010", "epoch-1980-1999"),
        ("000300270010", "epoch-0000-0019"),
    ],
)
def test_epochs_are_blocks_of_revolutions(label: str, name: str) -> None:
    assert epoch_of(label, EPOCHS) == name


def test_the_choice_is_that_of_the_archive() -> None:
    entries = [_window(number) for number in range(1, 31)]
    chosen = _chosen(entries)
    assert len(set(chosen)) == 6
    assert chosen == _chosen(entries[::-1], _label(30)), "whatever window is asked for"
    assert set(chosen) != {_label(number) for number in range(1, 7)}, "spread, not the first ones"
    # Windows of another epoch, slews, those without events and older versions take no part.
    others = [_window(number, 2020) for number in range(1, 30)]
    useless = [
        replace(_window(40, ra=306.0), sw_type="SLEW"),
        replace(_window(41, ra=307.0), files=()),
    ]
    older = [replace(one, scw=ScwId(one.scw.swid, "000")) for one in entries]
    assert chosen == _chosen([*entries, *others, *useless, *older])


def test_a_window_that_joins_the_archive_changes_little() -> None:
    entries = [_window(number) for number in range(1, 31)]
    before, after = set(_chosen(entries)), set(_chosen([*entries, _window(31)]))
    assert len(before - after) <= 1
    gone = set(_chosen([one for one in entries if str(one.scw) != min(before)]))
    assert len(before - gone) == 1


def test_pointings_are_apart() -> None:
    entries = [_window(number, ra=266.0 + number // 10) for number in range(1, 40)]
    assert len({int(label[4:8]) // 10 for label in _chosen(entries)}) == len(_chosen(entries)) == 4
    # Windows of one attitude alone are no others: what shines there would be taken for background.
    assert not _chosen([_window(number, ra=266.0) for number in range(1, 40)])


def test_too_few_others_are_none() -> None:
    entries = [_window(number) for number in range(1, 4)]
    assert not _chosen(entries), "two besides the window itself"
    assert len(_chosen([*entries, _window(4)])) == 4
    assert not _chosen([*entries, _window(9, ra=267.0)], _label(3))


def test_windows_near_are_those_of_the_same_pointing_in_the_epoch() -> None:
    entries = [_window(1), _window(2), _window(3, ra=267.1), _window(4, 2030, ra=267.0)]
    index = Index(entries, "test")
    chosen = [str(one.scw) for one in entries]
    assert windows_near(index, [_label(1), _label(8)], chosen, EPOCHS) == {_label(1): {_label(1), _label(3)}}
