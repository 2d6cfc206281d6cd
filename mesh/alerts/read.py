"""Reads a message of any format; which it is, its first bytes tell, and not what its sender calls it."""

import json
from typing import Any

from mesh.alerts.avro import MAGIC, read_avro
from mesh.alerts.errors import Malformed, NotUsable, UnknownFormat
from mesh.alerts.gcn_json import read_gcn_json
from mesh.alerts.message import Message
from mesh.alerts.systems.lvk import is_lvk, read_lvk
from mesh.alerts.voevent import read_voevent

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BLANK = b" \t\r\n\x00"


def read_message(body: bytes) -> Message:
    """Read one message.

    Args:
        body: VOEvent, LVK's alert as JSON or Avro, or JSON after GCN's unified schema.

    Raises:
        NoticeRefused: see `mesh.alerts.errors`.
    """
    if body.startswith(MAGIC):
        return read_lvk(_lvk(read_avro(body)), "lvk-avro")
    start = body
    for mark in _MARKS:
        start = start.removeprefix(mark)
    match start[:1000].lstrip(_BLANK)[:1]:
        case b"<":
            return read_voevent(body)
        case b"{" | b"[":
            return _read_json(body)
        case b"":
            raise Malformed("the body is empty")
        case _:
            raise UnknownFormat("the body is neither a VOEvent (XML) nor JSON nor Avro")


def _read_json(body: bytes) -> Message:
    try:
        return _of_json(body)
    except RecursionError:
        raise Malformed("not JSON that can be read: it is nested too deeply") from None


def _of_json(body: bytes) -> Message:
    try:
        # NaN and infinity, which are no JSON but are sent, stand for "not known".
        value = json.loads(body, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error.msg}", line=error.lineno, offset=error.colno) from None
    except UnicodeDecodeError as error:
        raise Malformed(f"not {error.encoding}", offset=error.start) from None
    except ValueError:
        raise Malformed("not JSON that can be read: it has a number of too many digits") from None
    if not isinstance(value, dict):
        raise NotUsable("the message is a list: send each notice alone, as one JSON object")
    return read_lvk(value, "lvk-json") if is_lvk(value) else read_gcn_json(value)


def _lvk(record: Any) -> Any:
    if not is_lvk(record):
        raise NotUsable("the Avro record is no alert of LIGO, Virgo and KAGRA: it has no superevent_id")
    return record
