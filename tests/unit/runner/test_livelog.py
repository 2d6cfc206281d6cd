"""The log of a running unit: fetched only while somebody reads, bounded, readable from any position."""

from mesh.runner.livelog import KEPT_BYTES, PART_BYTES, LiveLog


def test_nothing_is_fetched_while_nobody_reads() -> None:
    log = LiveLog()
    assert not log.wanted()
    log.read("", 0)
    assert log.wanted()
    assert not log.wanted(), "the last fetch was a moment ago"


def test_a_reader_gets_what_it_does_not_have() -> None:
    log = LiveLog()
    log.add(0, b"one\ntwo\n")
    first = log.read("", 0)
    assert (first.start, first.data, first.end) == (0, b"one\ntwo\n", 8)
    assert log.read(log.try_id, 4).data == b"two\n"
    assert log.read(log.try_id, 8).data == b""
    assert log.read("of another try", 8).data == b"one\ntwo\n"


def test_what_is_fetched_twice_is_kept_once_and_a_gap_begins_anew() -> None:
    log = LiveLog()
    log.add(0, b"abcd")
    log.add(2, b"cdef")
    assert log.read("", 0).data == b"abcdef"
    log.add(2, b"cd")
    assert log.end == 6
    log.add(100, b"later")
    part = log.read(log.try_id, 6)
    assert (part.start, part.data) == (100, b"later")


def test_the_newest_part_is_kept_and_pieces_end_with_a_line() -> None:
    log = LiveLog()
    line = b"x" * 99 + b"\n"
    for number in range(10_000):
        log.add(100 * number, line)
    part = log.read("", 0)
    assert part.start == 1_000_000 - KEPT_BYTES
    assert PART_BYTES - 100 < len(part.data) <= PART_BYTES
    assert part.data.endswith(b"\n")
    endless = LiveLog()
    endless.add(0, b"x" * (PART_BYTES + 5))
    assert len(endless.read("", 0).data) == PART_BYTES
