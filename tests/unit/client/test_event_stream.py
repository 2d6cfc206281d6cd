"""Parsing of event streams, by the rules of the HTML standard."""

import pytest

from odamesh.errors import UnexpectedAnswer
from odamesh.event_stream import Event, read_events


def test_events_comments_and_ids() -> None:
    lines = [": ping", "", "id: 1-0", "event: units", 'data: {"rows":', "data: []}", "", "data: 5", "", "retry: 10", ""]
    assert list(read_events(lines)) == [Event("units", "1-0", {"rows": []}), Event("message", "1-0", 5)]


def test_an_unfinished_event_is_dropped() -> None:
    assert list(read_events(["data: 1", "", "data: 2"])) == [Event("message", "", 1)]


def test_data_that_is_not_json() -> None:
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        list(read_events(["data: <html>", ""]))
