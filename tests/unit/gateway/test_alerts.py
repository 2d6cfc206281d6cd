"""Posting alerts: every answer that a broker may get, and what is stored when it gets it."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.auth.access_file import Access, Sender
from mesh.alerts.read import read_message
from mesh.broker.topology import alert_key
from mesh.contracts.alert import AlertEntry, AlertEvent, Deed, Receipt
from mesh.contracts.notice import Messenger
from mesh.contracts.transient import TransientRecord
from mesh.errors import BrokerUnavailable
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded

_OLD, _NEW = (f"whsec_{base64.b64encode(bytes([one]) * 32).decode()}" for one in (1, 2))
_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"3" * 32)
_PUBLIC = f"whpk_{base64.b64encode(_PRIVATE.public_key().public_bytes_raw()).decode()}"
_NOTICE = {"mission": "Newmission", "id": ["a1"], "trigger_time": "2024-01-01T00:00:00Z"}
_BODY = json.dumps(_NOTICE).encode()


@pytest.fixture
def gateway() -> Guarded:
    senders = {
        "broker": Sender(secrets=(_OLD, _NEW)),
        "keyed": Sender(secrets=(_PUBLIC,), streams=("lvk",)),
        "ended": Sender(secrets=(f"whsec_{base64.b64encode(b'4' * 32).decode()}",), ended=True),
    }
    made = Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, anonymous=False, senders=senders))
    made.settle("bob", "alerts")
    return made


def _signed(body: bytes, secret: str = _NEW, ident: str = "msg_1", at: float | None = None) -> dict[str, str]:
    told = str(int(time.time() if at is None else at))
    text = f"{ident}.{told}.".encode() + body
    if secret == _PUBLIC:
        signature = f"v1a,{base64.b64encode(_PRIVATE.sign(text)).decode()}"
    else:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = f"v1,{base64.b64encode(hmac.digest(key, text, 'sha256')).decode()}"
    return {"webhook-id": ident, "webhook-timestamp": told, "webhook-signature": f"v1,AAAA {signature}"}


def _post(gateway: Guarded, body: bytes = _BODY, who: str | None = "bob", **headers: str) -> httpx.Response:
    fields = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return gateway.call("POST", "/alerts", who, content=body, headers=fields)


def _kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition("/")[2]


def test_an_alert_is_stored_before_it_is_acknowledged(gateway: Guarded) -> None:
    answer = _post(gateway)
    told = answer.json()
    assert (answer.status_code, told["state"], told["duplicate"]) == (202, "queued", False)
    assert (told["event_key"], told["version"]) == ("newmission:a1", "undated-INITIAL")
    assert answer.headers["Location"] == told["links"]["self"] == f"/api/v1/alerts/receipts/{told['receipt_id']}"
    assert gateway.objects.content[f"alerts/raw/{hashlib.sha256(_BODY).hexdigest()}"] == _BODY
    receipt = Receipt.decode(gateway.objects.content[f"alerts/receipts/{told['receipt_id']}.json"])
    assert (receipt.sender, receipt.notice.event_key) == ("bob", "newmission:a1")
    entry = AlertEntry(event_key="newmission:a1", receipt_id=told["receipt_id"], receipt=receipt)
    assert gateway.publisher.alerts == [(alert_key("newmission:a1"), entry)]


def test_a_small_alert_does_not_wait_for_large_ones(gateway: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, go_on, inside, most = gateway.alert_intake.alerts.keep_raw, threading.Event(), [], []

    def slowly(sha256: str, body: bytes) -> None:
        if len(body) > 100_000:
            inside.append(sha256)
            most.append(len(inside))
            assert go_on.wait(20)
            inside.remove(sha256)
        keep(sha256, body)

    monkeypatch.setattr(gateway.alert_intake.alerts, "keep_raw", slowly)
    headers = {"Authorization": f"Bearer {gateway.tokens['bob']}", "Content-Type": "application/json"}

    async def post_all() -> tuple[httpx.Response, list[httpx.Response]]:
        transport = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"{gateway.base}/api/v1", headers=headers) as sender:
            bodies = [{**_NOTICE, "id": [f"large{number}"], "text": "x" * 200_000} for number in range(24)]
            large = [asyncio.create_task(sender.post("/alerts", json=body)) for body in bodies]
            while len(inside) < 16:
                await asyncio.sleep(0.01)
            small = await asyncio.wait_for(sender.post("/alerts", content=_BODY), 20)
            go_on.set()
            return small, await asyncio.gather(*large)

    small, large = asyncio.run(post_all())
    assert [one.status_code for one in (small, *large)] == [202] * 25
    assert max(most) == 16, "who comes first is answered first"


def test_the_same_content_is_one_receipt_whoever_sends_it(gateway: Guarded) -> None:
    first = _post(gateway).json()
    spaced = json.dumps(_NOTICE, indent=2, sort_keys=True).encode()
    for body, headers in ((_BODY, {}), (spaced, {}), (spaced, _signed(spaced))):
        again = gateway.call(
            "POST", "/alerts", None if headers else "eve", content=body, headers={**headers, "Content-Type": "text/xml"}
        )
        assert (again.status_code, again.json()["duplicate"]) == (200, True)
        assert again.json()["receipt_id"] == first["receipt_id"]
        assert again.json()["sender"] == "bob"


def test_a_duplicate_is_handed_over_until_it_is_taken_up(gateway: Guarded) -> None:
    _post(gateway)
    assert _post(gateway).json()["state"] == "queued"
    assert len(gateway.publisher.alerts) == 2, "the first may have been lost on its way"
    receipt = Receipt.decode(next(text for name, text in gateway.objects.content.items() if "/receipts/" in name))
    made = AlertEvent(event_key="newmission:a1", receipts=(receipt,))
    gateway.alert_intake.alerts.change_event("newmission:a1", lambda _: made)
    assert _post(gateway).json()["state"] == "taken-up"
    assert len(gateway.publisher.alerts) == 2


def test_copies_at_once_make_one_receipt(gateway: Guarded) -> None:
    answers: list[bool] = []
    taking = [
        threading.Thread(target=lambda: answers.append(gateway.alert_intake.take(_BODY, "bob").duplicate))
        for _ in range(50)
    ]
    for one in taking:
        one.start()
    for one in taking:
        one.join()
    assert sorted(answers) == [False] + [True] * 49
    assert sum("/receipts/" in name for name in gateway.objects.content) == 1


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (b'{"a": 1,\n "b" 2}', (400, "alert-malformed")),
        (b"<VOEvent>", (400, "alert-malformed")),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><VOEvent ivorn='a'>&b;</VOEvent>", (400, "alert-malformed")),
        (b"", (400, "alert-malformed")),
        (b"\x00\x01binary", (415, "alert-format")),
        (
            b'{"superevent_id": null, "alert_type": "INITIAL", "time_created": "2024-01-01T00:00:00Z"}',
            (422, "alert-not-usable"),
        ),
        (b'{"mission": "X", "id": "1", "trigger_time": "2024-02-31T00:00:00Z"}', (422, "alert-not-usable")),
    ],
)
def test_what_is_broken_is_refused_and_kept(gateway: Guarded, body: bytes, right: tuple[int, str]) -> None:
    answer = _post(gateway, body)
    assert _kind(answer) == right
    listed = gateway.call("GET", "/alerts/quarantine", "eve").json()
    assert [one["kind"] for one in listed] == [right[1]]
    assert gateway.objects.content[f"alerts/quarantine/{listed[0]['raw']}.bin"] == body
    assert not gateway.publisher.alerts
    if body.startswith(b'{"a"'):
        assert "line 2, column 6" in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{"Content_Type": "text/plain"}, {"Content_Encoding": "gzip"}])
def test_another_type_or_a_packed_body_is_refused(gateway: Guarded, headers: dict[str, str]) -> None:
    fields = {"Content-Type": "application/json"} | {name.replace("_", "-"): one for name, one in headers.items()}
    answer = gateway.call("POST", "/alerts", "bob", content=_BODY, headers=fields)
    assert _kind(answer) == (415, "alert-format")


def test_a_body_of_eight_mebibytes_is_taken_and_one_more_byte_is_not(gateway: Guarded) -> None:
    most = 8 * 1024 * 1024
    blank = _BODY[:-1] + b" " * (most - len(_BODY)) + b"}"
    assert _post(gateway, blank).status_code == 202
    assert _kind(_post(gateway, blank + b" ")) == (413, "too-large")


def test_an_id_belongs_to_one_message_of_one_sender(gateway: Guarded) -> None:
    other = json.dumps({**_NOTICE, "id": ["a2"]}).encode()
    assert _post(gateway, Idempotency_Key="one").status_code == 202
    assert _post(gateway, Idempotency_Key="one").status_code == 200
    assert _kind(_post(gateway, other, Idempotency_Key="one")) == (409, "idempotency-key-reused")
    assert _post(gateway, other, "eve", Idempotency_Key="one").status_code == 202


@pytest.mark.parametrize("secret", [_OLD, _NEW])
def test_any_secret_of_a_sender_counts(gateway: Guarded, secret: str) -> None:
    answer = gateway.call("POST", "/alerts", content=_BODY, headers=_signed(_BODY, secret))
    assert (answer.status_code, answer.json()["sender"]) == (202, "sender broker")


def test_a_key_signs_as_well_and_streams_are_kept_apart(gateway: Guarded) -> None:
    refused = gateway.call("POST", "/alerts", content=_BODY, headers=_signed(_BODY, _PUBLIC))
    assert _kind(refused) == (403, "stream-not-allowed")
    gone = b'{"superevent_id": "S240101a", "alert_type": "RETRACTION", "time_created": "2024-01-01T00:00:00Z"}'
    assert gateway.call("POST", "/alerts", content=gone, headers=_signed(gone, _PUBLIC)).status_code == 202


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"webhook-signature": "v1,AAAA"}, "no sender"),
        ({"webhook-signature": "nothing"}, "no sender"),
        ({"webhook-id": ""}, "webhook-id"),
        ({"webhook-id": "another"}, "no sender"),
        ({"webhook-timestamp": "x"}, "whole seconds"),
        ({"webhook-timestamp": "1"}, "s old"),
        ({"webhook-timestamp": "99999999999"}, "in the future"),
    ],
)
def test_a_signature_that_does_not_count_opens_nothing(gateway: Guarded, change: dict[str, str], words: str) -> None:
    answer = gateway.call("POST", "/alerts", content=_BODY, headers={**_signed(_BODY), **change})
    assert _kind(answer) == (401, "not-signed-in")
    assert words in answer.json()["detail"]
    changed = gateway.call("POST", "/alerts", content=_BODY + b" ", headers=_signed(_BODY))
    assert changed.status_code == 401
    assert not gateway.objects.content.keys() & {"alerts"}


@pytest.mark.parametrize(("apart", "status"), [(-290, 202), (290, 202), (-310, 401), (310, 401)])
def test_clocks_may_differ_by_five_minutes(gateway: Guarded, apart: int, status: int) -> None:
    headers = _signed(_BODY, at=time.time() + apart)
    assert gateway.call("POST", "/alerts", content=_BODY, headers=headers).status_code == status


def test_a_sender_that_is_to_stop_is_told_so(gateway: Guarded) -> None:
    secret = f"whsec_{base64.b64encode(b'4' * 32).decode()}"
    answer = gateway.call("POST", "/alerts", content=_BODY, headers=_signed(_BODY, secret))
    assert _kind(answer) == (410, "sender-ended")


def test_a_signature_opens_nothing_else(gateway: Guarded) -> None:
    assert gateway.call("GET", "/alerts/events", headers=_signed(b"")).status_code == 401
    assert gateway.call("POST", "/jobs", content=_BODY, headers=_signed(_BODY)).status_code == 401


def test_who_guesses_signatures_is_slowed_down(gateway: Guarded) -> None:
    wrong = {**_signed(_BODY), "webhook-signature": "v1,AAAA"}
    answers = [gateway.call("POST", "/alerts", content=_BODY, headers=wrong).status_code for _ in range(35)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_without_the_role_or_an_account_nothing_is_taken(gateway: Guarded) -> None:
    assert _kind(_post(gateway, who="ada")) == (403, "role-missing")
    assert _kind(_post(gateway, who=None)) == (401, "not-signed-in")


@pytest.mark.parametrize("away", ["store", "broker"])
def test_nothing_is_acknowledged_while_a_server_is_away(gateway: Guarded, away: str) -> None:
    gateway.call("GET", "/session", "bob")  # the account is known from now on
    gateway.objects.away = away == "store"
    gateway.publisher.error = BrokerUnavailable("BrokerUnavailable", "away") if away == "broker" else None
    answer = _post(gateway)
    assert _kind(answer) == (503, f"{away}-unavailable")
    assert "Retry-After" in answer.headers
    gateway.objects.away, gateway.publisher.error = False, None
    assert _post(gateway).status_code == (202 if away == "store" else 200)
    assert len(gateway.publisher.alerts) == 1


def test_a_retraction_of_an_event_that_nobody_knows_is_taken(gateway: Guarded, shared_data: Path) -> None:
    body = (shared_data / "alerts/lvk/MS181101ab-4-retraction.avro").read_bytes()
    answer = gateway.call("POST", "/alerts", "bob", content=body, headers={"Content-Type": "application/avro"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["test"]) == (202, "RETRACTION", True)
    twin = (shared_data / "alerts/lvk/MS181101ab-4-retraction.json").read_bytes()
    assert _post(gateway, twin).json()["duplicate"]


def test_every_shared_notice_is_taken(gateway: Guarded, shared_data: Path) -> None:
    files = [
        path for folder in ("lvk", "neutrino", "grb", "frb") for path in (shared_data / "alerts" / folder).iterdir()
    ]
    for path in files:
        answer = _post(gateway, path.read_bytes())
        assert answer.status_code in {200, 202}, path.name
        assert answer.json()["event_key"] == read_message(path.read_bytes()).notice.event_key
    assert sum("/receipts/" in name for name in gateway.objects.content) == len(files) - 2, "two are twins"


def _event(gateway: Guarded) -> str:
    receipt_id = str(_post(gateway).json()["receipt_id"])
    alerts = gateway.alert_intake.alerts
    made = AlertEvent(event_key="newmission:a1", receipts=(alerts.receipt(receipt_id),), version=1)
    alerts.change_event("newmission:a1", lambda _: made)
    fields: dict[str, Any] = {"made": "2024-01-01T00:00:01.000Z", "state": "ACTIVE", "answer": "x", "test": False}
    alerts.put_record(
        TransientRecord(event_key="newmission:a1", version=1, messenger=Messenger.OTHER, versions=(), **fields)
    )
    return receipt_id


def test_documents_have_tags(gateway: Guarded) -> None:
    receipt_id = _event(gateway)
    gateway.alert_index.names["GRB1"] = "newmission:a1"
    for path in (f"/receipts/{receipt_id}", "/events/newmission:a1", "/events/GRB1/record", "/events/GRB1/records/1"):
        first = gateway.call("GET", f"/alerts{path}", "ada")
        assert first.status_code == 200, path
        again = gateway.call("GET", f"/alerts{path}", "ada", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    for path in ("/receipts/0", f"/receipts/{'0' * 32}", "/events/a:b", "/events/a%20b", "/events/GRB1/records/2"):
        assert gateway.call("GET", f"/alerts{path}", "ada").status_code in {404, 422}, path


def test_operators_command_and_it_is_stored_first(gateway: Guarded) -> None:
    _event(gateway)
    gateway.publisher.alerts.clear()
    for deed in Deed:
        body = {"reason": "a test"}
        answer = gateway.call("POST", f"/alerts/events/newmission:a1/{deed.value}", "eve", json=body)
        assert answer.status_code == 202
    stored = list(gateway.alert_intake.alerts.commands())
    assert {one.deed for one in stored} == set(Deed)
    assert {entry.command_id for _, entry in gateway.publisher.alerts} == {one.command_id for one in stored}
    assert gateway.call("POST", "/alerts/events/newmission:a1/eat", "eve", json={}).status_code == 422


def test_a_replay_names_what_is_taken_up_again(gateway: Guarded) -> None:
    receipt_id = _event(gateway)
    gateway.alert_index.lines = [{"event_key": "newmission:a1", "received": "2024-01-01T00:00:05.000Z"}]
    for wish in (
        {"receipt": receipt_id},
        {"event": "newmission:a1"},
        {"t1": "2024-01-01T00:00:00Z", "t2": "2024-01-01T00:01:00"},
    ):
        answer = gateway.call("POST", "/alerts/replay", "eve", json=wish)
        assert (answer.status_code, answer.json()) == (202, {"events": ["newmission:a1"]})
    late = gateway.call(
        "POST", "/alerts/replay", "eve", json={"t1": "2024-01-02T00:00:00Z", "t2": "2024-01-03T00:00:00Z"}
    )
    assert late.json() == {"events": []}
    for wish in ({}, {"receipt": receipt_id, "event": "a:1"}, {"t1": "x", "t2": "y"}):
        assert gateway.call("POST", "/alerts/replay", "eve", json=wish).status_code == 422
