"""Messages that are broken, hostile or odd: each is refused by its name, or taken with a remark."""

import base64
import gzip
import json
import zlib
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.alerts.errors import Malformed, NoticeRefused, NotUsable, TooLarge, UnknownFormat
from mesh.alerts.instants import utc
from mesh.alerts.read import read_message
from mesh.contracts.notice import Notice, NoticeKind

_LVK: dict[str, Any] = {
    "alert_type": "PRELIMINARY",
    "time_created": "2024-01-01T00:01:00Z",
    "superevent_id": "S240101a",
    "urls": {},
    "event": {"time": "2024-01-01T00:00:00.5Z", "skymap": None},
    "external_coinc": None,
}
_GCN = {"mission": "Newmission", "id": ["a1"], "trigger_time": "2024-01-01T00:00:00Z"}
_PLACE = "<Position2D unit='deg'><Value2><C1>{}</C1><C2>{}</C2></Value2><Error2Radius>{}</Error2Radius></Position2D>"


def _lvk(**changes: Any) -> bytes:
    return json.dumps({**_LVK, **changes}).encode()


def _event(**changes: Any) -> bytes:
    return _lvk(event={**_LVK["event"], **changes})


def _gcn(**changes: Any) -> Notice:
    return read_message(json.dumps({**_GCN, **changes}).encode()).notice


def _voevent(
    inside: str = "", *, role: str = "observation", ivorn: str = "ivo://new/mission#a-1", head: str = ""
) -> bytes:
    time = "<Time><TimeInstant><ISOTime>2024-01-01T00:00:00</ISOTime></TimeInstant></Time>"
    where = inside if "<WhereWhen" in inside else f"<WhereWhen>{time}{inside}</WhereWhen>"
    return f"{head}<VOEvent role='{role}' ivorn='{ivorn}' version='1.1'><What/>{where}</VOEvent>".encode()


def _fits(rows: int, columns: str = "1D", bits: int = 8) -> bytes:
    def header(*cards: str) -> bytes:
        return "".join(card.ljust(80) for card in (*cards, "END")).ljust(2880).encode()

    first = header("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0")
    table = ["XTENSION= 'BINTABLE'", f"BITPIX  = {bits}", "NAXIS   = 2", "NAXIS1  = 8", f"NAXIS2  = {rows}"]
    return first + header(*table, f"TFORM1  = '{columns}'")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", Malformed, "empty"),
        (b"   \n", Malformed, "empty"),
        (b"hello", UnknownFormat, "neither"),
        (b"\x89PNG\r\n", UnknownFormat, "neither"),
        (b'{"a": 1,\n "b" 2}', Malformed, "line 2, column 6"),
        (b"[1, 2]", NotUsable, "list"),
        (b"{" * 100_000, Malformed, "not JSON"),
        (
            b'{"trigger_time": "2024-01-01T00:00:00", "id": "a", "x":' + b"[" * 600 + b"]" * 600 + b"}",
            Malformed,
            "deeply",
        ),
        (b'{"id": ' + b"9" * 5000 + b"}", Malformed, "digits"),
        (b'\xff\xfe{"a"', Malformed, "not"),
        (b'{"a": "\xff"}', Malformed, "not utf-8"),
        (b"<VOEvent>", Malformed, "line 1"),
        (b"<html/>", NotUsable, "no VOEvent"),
        (b"<VOEvent role='observation'/>", NotUsable, "no ivorn"),
        (b"<?xml version='1.0' encoding='EBCDIC-US'?><VOEvent/>", Malformed, "send UTF-8"),
        (_lvk(superevent_id=None), NotUsable, "id of the lvk event is missing"),
        (_lvk(superevent_id="../../etc"), NotUsable, "letters, digits"),
        (_lvk(superevent_id="S1" * 90), NotUsable, "letters, digits"),
        (_lvk(event=None), NotUsable, "only a retraction"),
        (_event(time=None), NotUsable, "no time"),
        (_event(time="2024-13-41T00:00:00Z"), NotUsable, "no time"),
        (_event(time="2024-01-01T12:30:60Z"), NotUsable, "61st second"),
        (b'{"trigger_time": "2024-01-01T00:00:00Z", "mission": "X"}', NotUsable, "id"),
        (b'{"mission": "X", "id": "a"}', NotUsable, "trigger_time"),
        (b'{"superevent_id": "S240101a", "alert_type": "INITIAL"}', NotUsable, "no event"),
        (b"Obj\x01" + b"\x00" * 40, Malformed, "Avro"),
        (b"Obj\x01", Malformed, "Avro"),
    ],
)
def test_what_cannot_be_taken_says_why(body: bytes, kind: type[NoticeRefused], words: str) -> None:
    with pytest.raises(kind, match=words):
        read_message(body)


_BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {two} '{f'&{one};' * 10}'>" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "head",
    [
        f"{_BOMB}]>",
        "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'>",
        "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_never_read(head: str, encoding: str) -> None:
    body = _voevent("<Description>&i;&f;</Description>", head=head).decode().encode(encoding)
    with pytest.raises(Malformed, match="document type"):
        read_message(body)


@pytest.mark.parametrize("place", [(0, 0, 0), (10, 20, -1), (10, 20, 360), (10, 95, 1), ("nan", 20, 1), (10, "", 1)])
def test_numbers_that_are_no_position_leave_the_time(place: tuple[Any, Any, Any]) -> None:
    found = read_message(_voevent(_PLACE.format(*place))).notice
    assert (found.position, found.trigger_time) == (None, "2024-01-01T00:00:00.000Z")
    assert any("no position" in remark for remark in found.remarks)


@pytest.mark.parametrize("role", ["test", "observe", ""])
def test_what_is_no_observation_is_a_test(role: str) -> None:
    found = read_message(_voevent(role=role)).notice
    assert found.test
    assert found.why_test


@pytest.mark.parametrize("role", ["utility", "prediction"])
def test_utilities_and_predictions_trigger_nothing(role: str) -> None:
    assert read_message(_voevent(role=role)).notice.kind is NoticeKind.REPORT


def test_sloppy_voevents_are_taken() -> None:
    spaced = _voevent().replace(b"<VOEvent", b"<v:VOEvent xmlns:v='http://www.ivoa.net/xml/VOEvent/v1.1'", 1)
    spaced = spaced.replace(b"</VOEvent", b"</v:VOEvent")
    assert read_message(spaced).notice.event_key == "mission:a-1"
    old = _voevent("<WhereWhen><ISOTime>2024-01-01T10:20</ISOTime></WhereWhen>")
    assert read_message(old).notice.trigger_time == "2024-01-01T10:20:00.000Z"
    dated = _voevent().replace(b"<What/>", b"<Who><Date>2026-01--9130T00:00</Date></Who>")
    assert "when it was made is not known" in read_message(dated).notice.remarks[0]


def test_white_space_and_comments_do_not_make_another_notice() -> None:
    one = _voevent()
    other = b"<?xml version='1.0'?>\n" + one.replace(b"<What/>", b"\n <What></What><!-- seen -->\n")
    assert read_message(one).content == read_message(other).content
    assert read_message(one).content != read_message(_voevent(ivorn="ivo://new/mission#a-2")).content


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ("2017-08-17T12:41:04.4457", "2017-08-17T12:41:04.445700Z"),
        ("2017-08-17 12:41:04+02:00", "2017-08-17T10:41:04.000Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60.000Z"),
        ("2016-12-31T23:59:60.25", "2016-12-31T23:59:60.250Z"),
        ("2017-01-01T00:59:60+01:00", "2016-12-31T23:59:60.000Z"),
        ("2027-06-30T23:59:60Z", "2027-07-01T00:00:00.000Z"),
        ("1995-01-01T00:00:00", "1995-01-01T00:00:00.000Z"),
    ],
)
def test_times_as_senders_write_them(told: str, right: str) -> None:
    assert utc(told) == right


@pytest.mark.parametrize(
    "told", ["2024-02-30T00:00:00", "0000-01-01T00:00:00", "9999-12-31T23:59:00-23:00", 12, None, ""]
)
def test_what_is_no_time(told: object) -> None:
    with pytest.raises(NotUsable):
        utc(told)


def test_a_map_that_is_too_large_is_refused_before_it_is_unpacked() -> None:
    for content in (_fits(70_000_000), gzip.compress(_fits(70_000_000)), _fits(100_000, "1024D")):
        with pytest.raises(TooLarge, match="at most 67108864 pixels"):
            read_message(_event(skymap=base64.b64encode(content).decode()))
    taken = read_message(_event(skymap=base64.b64encode(_fits(100)).decode()))
    assert taken.notice.map is not None


@pytest.mark.parametrize(
    "sky_map",
    ["***", 12, base64.b64encode(b"no fits").decode(), base64.b64encode(gzip.compress(b"\0" * 10_000_000)).decode()],
)
def test_a_map_that_is_none_does_not_lose_the_alert(sky_map: Any) -> None:
    found = read_message(_event(skymap=sky_map))
    assert found.notice.map is None
    assert any("map not available" in remark for remark in found.notice.remarks)
    assert not found.maps


def test_numbers_that_json_does_not_have_stand_for_nothing() -> None:
    body = json.dumps({**_LVK, "event": {**_LVK["event"], "far": float("nan")}}).encode()
    assert b"NaN" in body
    assert read_message(body).notice.far is None
    assert read_message(body.replace(b"NaN", b"1e999")).notice.far is None


def test_unknown_missions_pass_through() -> None:
    found = _gcn(ra=370.5, dec=-10, ra_dec_error=[3, 1, 40], far=1e-9, event_name="New 1")
    assert (found.event_key, found.aliases) == ("newmission:a1", ("New1",))
    assert found.position is not None
    assert (found.position.ra, found.position.radius, found.position.ellipse) == (10.5, 3.0, (3.0, 1.0, 40.0))
    assert found.position.containment == 0.9


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"mission": None, "$schema": "https://gcn.nasa.gov/schema/v1/gcn/notices/svom/x.schema.json"}, "svom:a1"),
        ({"mission": None, "instrument": "ECLAIRs"}, "svom:a1"),
        ({"mission": None, "instrument": "WXT"}, "ep:a1"),
        ({"mission": None}, "unknown:a1"),
        ({"id": 7}, "newmission:7"),
        ({"id": None, "event_name": ["N 1"]}, "newmission:N1"),
    ],
)
def test_who_sends_it_is_found_out(fields: dict[str, Any], key: str) -> None:
    assert _gcn(**fields).event_key == key


@pytest.mark.parametrize(
    ("tense", "test"), [("injection", True), ("test", True), ("archival", False), ("current", False)]
)
def test_injections_and_tests_are_none_of_the_sky(tense: str, test: bool) -> None:
    assert _gcn(alert_tense=tense).test is test


def _avro(schema: dict[str, Any], records: list[dict[str, Any]], codec: str = "null") -> bytes:
    stream = BytesIO()
    fastavro.writer(stream, schema, records, codec=codec)
    return stream.getvalue()


def test_avro_that_could_grow_is_not_unpacked() -> None:
    record = {"type": "record", "name": "A", "fields": [{"name": "superevent_id", "type": "string"}]}
    with pytest.raises(Malformed, match="codec null"):
        read_message(_avro(record, [{"superevent_id": "S1"}], "deflate"))
    with pytest.raises(NotUsable, match="several"):
        read_message(_avro(record, [{"superevent_id": "S1"}] * 2))
    nulls = {"type": "record", "name": "A", "fields": [{"name": "x", "type": {"type": "array", "items": "null"}}]}
    with pytest.raises(Malformed, match="takes no bytes"):
        read_message(_avro(nulls, [{"x": [None] * 5}]))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_lead_to_anything_but_an_answer(body: bytes) -> None:
    for start in (b"", b"{", b"<", b"Obj\x01", b'{"superevent_id":'):
        try:
            read_message(start + body)
        except NoticeRefused:
            continue


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    [
        "superevent_id",
        "alert_type",
        "time_created",
        "event",
        "external_coinc",
        "urls",
        "id",
        "mission",
        "ra",
        "dec",
        "ra_dec_error",
        "trigger_time",
        "record_number",
        "classification",
        "event_name",
        "reference",
        "ref_ID",
        "$schema",
        "healpix_file",
        "trigger_time_inf_freq",
        "follow_up_event",
        "instrument",
        "containment_probability",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_FIELDS, _ANY, max_size=8), st.sampled_from([_LVK, _GCN, {}]))
def test_no_values_lead_to_anything_but_an_answer(changes: dict[str, Any], base: dict[str, Any]) -> None:
    try:
        found = read_message(json.dumps({**base, **changes}).encode())
    except NoticeRefused:
        return
    assert Notice.read_json(found.notice.model_dump_json()) == found.notice


def test_a_compressed_body_is_not_guessed() -> None:
    with pytest.raises(UnknownFormat):
        read_message(zlib.compress(_lvk()))
