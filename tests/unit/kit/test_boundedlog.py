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
