"""A log of any length stays bounded and keeps both ends."""

from mesh.kit.boundedlog import BoundedLog


def test_a_short_log_is_kept_whole() -> None:
    log = BoundedLog(100)
    log.add(b"one\n")
    log.add(b"two\n")
    assert log.text() == "one\ntwo\n"


def test_a_long_log_keeps_both_ends_and_says_what_is_missing() -> None:
    log = BoundedLog(20)
    for number in range(1000):
        log.add(b"%03d\n" % number)
    text = log.text()
    assert text.startswith("000\n001\n00")
    assert text.endswith("998\n999\n")
    assert "[3980 bytes left out]" in text
    log.add(b"last")
    assert log.text().endswith("last")


def test_the_newest_part_can_be_read_from_any_position() -> None:
    log = BoundedLog(20)
    log.add(b"0123456789")
    assert log.since(0, 100) == (0, b"0123456789")
    assert log.since(4, 100) == (4, b"456789")
    assert log.since(0, 3) == (7, b"789")
    assert log.since(10, 100) == (10, b"")
    log.add(b"abcdefghij")
    assert log.since(8, 100) == (8, b"89abcdefghij")


def test_what_is_left_out_is_passed_over() -> None:
    log = BoundedLog(20)
    for number in range(1000):
        log.add(b"%03d\n" % number)
    assert log.size == 4000
    start, data = log.since(5, 1000)
    assert start + len(data) == 4000
    assert data.endswith(b"998\n999\n")
    assert start > 3900
    assert log.since(3998, 1000) == (3998, b"9\n")
    assert log.since(4000, 1000) == (4000, b"")
