"""Parsing of event streams, by the rules of the HTML standard."""

from collections.abc import Sequence

import httpx
import pytest

from odamesh.errors import UnexpectedAnswer
from odamesh.event_stream import Event, read_events


def answer(lines: Sequence[str], media_type: str = "text/event-stream") -> httpx.Response:
    text = "".join(f"{line}\n" for line in lines)
    request = httpx.Request("GET", "http://gateway.test/api/v1/jobs/1/events")
    return httpx.Response(200, headers={"Content-Type": media_type}, text=text, request=request)


def test_events_comments_and_ids() -> None:
    lines = [": ping", "", "id: 1-0", "event: units", 'data: {"rows":', "data: []}", "", "data: 5", "", "retry: 10", ""]
    assert list(read_events(answer(lines))) == [Event("units", "1-0", {"rows": []}), Event("message", "1-0", 5)]


def test_an_unfinished_event_is_dropped() -> None:
    assert list(read_events(answer(["data: 1", "", "data: 2"]))) == [Event("message", "", 1)]


def test_data_that_is_not_json() -> None:
    with pytest.raises(UnexpectedAnswer, match="not JSON"):
        list(read_events(answer(["data: <html>", ""])))


def test_a_page_is_no_event_stream() -> None:
    with pytest.raises(UnexpectedAnswer, match="no event stream"):
        list(read_events(answer(["<html>"], "text/html")))
