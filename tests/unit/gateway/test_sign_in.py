"""How a caller is known: API tokens, tokens that share a secret, wherever they stand; and that none is told."""

import base64
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import structlog

from gateway.auth.access_file import Access, SharedSecret
from mesh.intake import Scope
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import MMODA, SECRET, SIGNING, Guarded, web_token


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def _who(gateway: Guarded, token: str) -> dict[str, Any]:
    answer = gateway.call("GET", "/session", token)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _refused(gateway: Guarded, token: str, *words: str) -> None:
    answer = gateway.call("GET", "/session", token)
    assert (answer.status_code, answer.json()["type"]) == (401, "/api/v1/problems/not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert token not in answer.text
    for word in words:
        assert word in answer.json()["detail"]


def test_a_token_may_come_in_a_header_as_a_password_or_as_a_parameter(gateway: Guarded) -> None:
    token = gateway.tokens["ada"]
    basic = base64.b64encode(f"anything:{token}".encode()).decode()
    ways: tuple[dict[str, Any], ...] = (
        {"headers": {"Authorization": f"bearer {token}"}},
        {"headers": {"Authorization": f"Basic {basic}"}},
        {"params": {"token": token}},
        {"params": {"Token": token, "x": "1"}},
    )
    for sent in ways:
        assert gateway.call("GET", "/session", **sent).json()["name"] == "ada"
    for nothing in ("", "\0", "None"):
        assert gateway.call("GET", "/session", params={"token": nothing}).json()["anonymous"]


def test_a_token_of_an_issuer_tells_name_roles_and_end(gateway: Guarded) -> None:
    found = _who(gateway, web_token())
    assert (found["name"], found["roles"]) == ("ada@unige.ch", ["alerts", "unknown"])
    assert "alert" in found["lanes"]
    assert found["expires"].startswith(str(datetime.now(UTC).year))
    assert _who(gateway, web_token(roles=["alerts"]))["roles"] == ["alerts"]
    assert _who(gateway, web_token(roles=None))["roles"] == []


def test_keys_rotate(gateway: Guarded) -> None:
    for key in MMODA.keys:
        assert _who(gateway, web_token(key))["name"] == "ada@unige.ch"
    gateway.access = gateway.access.model_copy(
        update={"issuers": {"mmoda": MMODA.model_copy(update={"keys": (SECRET,)})}}
    )
    _refused(gateway, web_token(MMODA.keys[0]), "not signed by its issuer")


@pytest.mark.parametrize(
    ("token", "word"),
    [
        (lambda: web_token("x" * 40), "not signed"),
        (lambda: web_token(exp=int(time.time()) - 60), "expired"),
        (lambda: web_token(exp=None), "when it ends"),
        (lambda: web_token(nbf=int(time.time()) + 600), "clock"),
        (lambda: web_token(sub=None), "who it is for"),
        (lambda: web_token(iss="https://elsewhere.example"), "issuer"),
        (lambda: jwt.encode({"sub": "eve", "exp": time.time() + 60}, "", algorithm="none"), "not signed"),
        (lambda: jwt.encode({"sub": "eve", "exp": time.time() + 60}, "x" * 64, algorithm="HS512"), "not signed"),
        (lambda: "a.b.c", "cannot be read"),
        (lambda: "nonsense", "cannot be read"),
        (lambda: "x" * 50_000, "cannot be read"),
        (lambda: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30", "cannot be read"),
    ],
)
def test_what_does_not_count_says_why(gateway: Guarded, token: Any, word: str) -> None:
    _refused(gateway, token(), word)
    assert gateway.noted[-1].deed == "refused"


def test_names_of_an_issuer_are_nobody_elses(gateway: Guarded) -> None:
    """The operator's `ada`, an address of another domain, and names that no user can have."""
    assert _who(gateway, web_token(sub="ada"))["name"] == "ada@mmoda"
    assert _who(gateway, web_token(sub="eve"))["roles"] == ["alerts", "unknown"], "not those of the account eve"
    assert _who(gateway, web_token(sub="ada@evil.example"))["name"] == "ada@evil.example@mmoda"
    for strange in ("auth0|12 3", "x" * 300, "../x", "anonymous@unige.ch", "anonymous"):
        name = _who(gateway, web_token(sub=strange))["name"]
        assert name.endswith("@mmoda")
        assert len(name) == 24 + len("@mmoda")


def test_no_issuer_makes_operators_unless_it_may(gateway: Guarded) -> None:
    assert _who(gateway, web_token(roles="operator"))["roles"] == []
    trusted = MMODA.model_copy(update={"operators": True, "roles": {"job manager": "operator"}})
    gateway.access = Access(signing=SIGNING, issuers={"mmoda": trusted})
    assert _who(gateway, web_token(roles="job manager"))["roles"] == ["operator"]


def test_an_audience_that_is_asked_for_must_be_told(gateway: Guarded) -> None:
    strict = SharedSecret(kind="shared-secret", issuer="cms", keys=(SECRET,), audience=("odamesh",))
    gateway.access = Access(signing=SIGNING, issuers={"cms": strict})
    assert _who(gateway, web_token(iss="cms", aud="odamesh"))["name"] == "ada@unige.ch@cms"
    _refused(gateway, web_token(iss="cms", aud="other"), "audience")
    _refused(gateway, web_token(), "issuer")


def test_an_api_token_is_shown_once_stored_as_a_hash_and_revoked(gateway: Guarded) -> None:
    made = gateway.call("POST", "/tokens", "ada", json={"label": "laptop", "days": 1}).json()
    assert made["token"] not in str(gateway.objects.content)
    assert made["token"].split("_", 2)[2] not in str(gateway.objects.content)
    assert (made["scopes"], made["label"]) == (["read", "write"], "laptop")
    assert _who(gateway, made["token"])["name"] == "ada"
    listed = gateway.call("GET", "/tokens", "ada").json()
    assert listed[0]["token_id"] == made["token_id"]
    assert made["token"] not in str(listed)
    assert gateway.call("DELETE", f"/tokens/{made['token_id']}", "bob").status_code == 403
    assert gateway.call("DELETE", f"/tokens/{made['token_id']}", "ada").json()["revoked"]
    _refused(gateway, made["token"], "revoked")
    assert [entry.deed for entry in gateway.noted][:2] == ["make-token", "revoke-token"]
    gateway.objects.content = {
        name: text for name, text in gateway.objects.content.items() if made["token_id"] not in name
    }


def test_a_token_of_somebody_else_cannot_be_revoked(gateway: Guarded) -> None:
    theirs = gateway.tokens["bob"].split("_")[1]
    assert gateway.call("DELETE", f"/tokens/{theirs}", "ada").status_code == 404
    assert gateway.call("DELETE", f"/tokens/{theirs}", "eve").status_code == 200
    _refused(gateway, gateway.tokens["bob"], "revoked")


def test_a_token_makes_none_that_may_more(gateway: Guarded) -> None:
    less = gateway.token("eve", Scope.READ, Scope.TOKENS)
    assert gateway.call("POST", "/tokens", less, json={"scopes": ["read"]}).status_code == 201
    answer = gateway.call("POST", "/tokens", less, json={"scopes": ["read", "operate"]})
    assert (answer.status_code, "operate" in answer.json()["detail"]) == (403, True)


def test_tokens_last_no_longer_than_may_be(gateway: Guarded) -> None:
    for wished in ({}, {"days": 10_000}):
        made = gateway.call("POST", "/tokens", "ada", json=wished).json()
        left = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
        assert timedelta(days=365) < left <= timedelta(days=366)
    _refused(gateway, gateway.token("ada", days=-1), "expired")


def test_a_secret_that_is_not_that_of_the_token_opens_nothing(gateway: Guarded) -> None:
    token = gateway.tokens["ada"]
    _refused(gateway, token[:-1] + ("x" if token[-1] != "x" else "y"), "no such API token")
    _refused(gateway, f"odm_{'0' * 20}_{'x' * 43}", "no such API token")


def test_the_last_use_is_told_and_undoes_no_revocation(gateway: Guarded) -> None:
    token_id = gateway.tokens["bob"].split("_")[1]
    assert gateway.call("GET", "/tokens?user=bob", "eve").json()[0]["last_used"] is None
    _who(gateway, gateway.tokens["bob"])
    gateway.call("DELETE", f"/tokens/{token_id}", "eve")
    gateway.front.identify.flush_uses()
    (told,) = gateway.call("GET", "/tokens?user=bob", "eve").json()
    assert told["last_used"][:10] == datetime.now(UTC).date().isoformat()
    assert told["revoked"]


def test_an_operator_acts_for_others_and_nobody_else_does(gateway: Guarded) -> None:
    assert gateway.call("POST", "/jobs", "ada", json={**BODY, "user": "bob"}).status_code == 403
    job = gateway.submit("eve", user="ada")
    assert gateway.call("GET", f"/jobs/{job}", "ada").json()["owner"] == "ada"


def test_the_lane_alert_names_the_role_that_opens_it(gateway: Guarded) -> None:
    refused = gateway.call("POST", "/jobs", "ada", json={**BODY, "lane": "alert"})
    assert (refused.status_code, refused.json()["role"]) == (403, "alerts")
    gateway.settle("ada", "alerts")
    assert gateway.submit("ada", lane="alert")


def test_an_account_is_made_and_disabled_over_http(gateway: Guarded) -> None:
    bad = gateway.call("PUT", "/accounts/bob", "eve", json={"roles": ["nonsense"]})
    assert (bad.status_code, "allowed: operator, alerts" in bad.json()["detail"]) == (422, True)
    gateway.call("PUT", "/accounts/bob", "eve", json={"roles": ["alerts"]})
    assert _who(gateway, gateway.tokens["bob"])["roles"] == ["alerts"]
    assert gateway.call("PUT", "/accounts/bob", "eve", json={"disabled": True}).json()["roles"] == ["alerts"]
    _refused(gateway, gateway.tokens["bob"], "disabled")
    assert {one["name"] for one in gateway.call("GET", "/accounts", "eve").json()} == {"bob", "eve"}


def test_what_is_known_lasts_while_the_store_is_away(gateway: Guarded) -> None:
    clock = _Clock()
    for memory in (gateway.front.identify.known.tokens, gateway.front.identify.known.accounts):
        memory._clock = clock
    _who(gateway, gateway.tokens["ada"])
    asked = len(gateway.objects.asked)
    _who(gateway, gateway.tokens["ada"])
    assert len(gateway.objects.asked) == asked, "within ten seconds nobody is asked"
    gateway.objects.away = True
    clock.now += 200
    _who(gateway, gateway.tokens["ada"])
    clock.now += 200
    answer = gateway.call("GET", "/session", "ada")
    assert (answer.status_code, answer.json()["type"]) == (503, "/api/v1/problems/store-unavailable")


def test_a_revocation_elsewhere_counts_after_ten_seconds(gateway: Guarded) -> None:
    clock = _Clock()
    gateway.front.identify.known.tokens._clock = clock
    _who(gateway, gateway.tokens["bob"])
    token = gateway.accounts.tokens_of("bob")[0]
    gateway.accounts.put_token(token.model_copy(update={"revoked": "2026-11-30T00:00:00Z"}))
    clock.now += 10.1
    _refused(gateway, gateway.tokens["bob"], "revoked on 2026-11-30")


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_callers_without_account_are_told_apart_by_their_network(gateway: Guarded) -> None:
    names = {}
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "::ffff:192.0.2.1"):
        names[address] = gateway.call("GET", "/session", client=(address, 1)).json()["name"]
    assert names["192.0.2.1"] == names["::ffff:192.0.2.1"] != names["192.0.2.2"]
    assert names["2001:db8::1"] == names["2001:db8::2"] != names["2001:db8:1::1"]
    assert not any("192" in name for name in names.values())
    job = gateway.submit(None)
    assert gateway.call("DELETE", f"/jobs/{job}", client=("192.0.2.2", 1)).status_code == 403
    assert gateway.call("DELETE", f"/jobs/{job}").status_code == 202


@pytest.mark.parametrize("place", ["header", "parameter"])
def test_no_token_is_logged_stored_told_linked_or_counted(
    gateway: Guarded, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx")  # the client of this very test
    secrets = [gateway.tokens["ada"], web_token(), "odm_wrong"]
    told = []
    for secret in secrets:
        sent: dict[str, Any] = {"params": {"limit": "1"} | ({"token": secret} if place == "parameter" else {})}
        who = None if place == "parameter" else secret
        for method, path, body in (
            ("POST", "/jobs", BODY),
            ("GET", "/jobs", None),
            ("POST", "/jobs", {**BODY, "added": 1}),
            ("GET", "/jobs/nothing", None),
            ("GET", "/nothing", None),
            ("POST", "/session", None),
        ):
            answer = gateway.call(method, path, who, json=body, **sent)
            told.append(f"{answer.headers} {answer.text}")
    assert '"next":"/api/v1/jobs?limit=1&before=' in "".join(told).replace(" ", "")
    written = "".join(told) + caplog.text + "".join(capsys.readouterr()) + str(gateway.noted)
    written += str(gateway.records.jobs) + str(gateway.publisher.sent) + str(gateway.objects.content)
    written += call(gateway.app, "GET", "/metrics", headers={"Authorization": f"Bearer {gateway.tokens['eve']}"}).text
    for secret in [*secrets, gateway.tokens["eve"]]:
        assert secret not in written
        parts = secret.split("_", 2) if secret.startswith("odm_") else secret.split(".")
        assert len(parts) < 3 or parts[2] not in written
