"""Browsers: a cookie that no script reads and no other site has sent, and pages of other sites that change nothing."""

import time
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest

from gateway.application import create_app
from gateway.auth.access_file import Access, Signing
from gateway.parts import Parts
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded, web_token


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def _sign_in(gateway: Guarded, who: str = "ada") -> httpx.Response:
    answer = gateway.call("POST", "/session", who)
    assert answer.status_code == 201, answer.text
    return answer


def _cookie(answer: httpx.Response) -> dict[str, Any]:
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    return {"headers": {"Cookie": f"{name}={rest.partition(';')[0]}"}}


def test_a_session_sees_what_its_token_sees_and_a_stream_too(gateway: Guarded) -> None:
    job = gateway.submit("ada")
    gateway.records.finish(job)
    cookie = _cookie(_sign_in(gateway))
    assert gateway.call("GET", "/session", **cookie).json()["name"] == "ada"
    stream = gateway.call("GET", f"/jobs/{job}/events", **cookie)
    assert (stream.status_code, "event: end" in stream.text) == (200, True)
    assert gateway.call("GET", f"/jobs/{job}").status_code == 404


def test_the_cookie_is_for_this_host_and_for_no_script(gateway: Guarded) -> None:
    plain = _sign_in(gateway).headers["Set-Cookie"]
    assert plain.startswith("odamesh=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in plain.split(";")}
    gateway.base = "https://gateway.test"
    secure = _sign_in(gateway).headers["Set-Cookie"]
    assert secure.startswith("__Host-odamesh=")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Secure"} <= {part.strip() for part in secure.split(";")}
    assert "no-store" in _sign_in(gateway).headers["Cache-Control"]


def test_a_session_ends_with_its_token(gateway: Guarded) -> None:
    cookie = _cookie(_sign_in(gateway, "bob"))
    gateway.call("DELETE", f"/tokens/{gateway.tokens['bob'].split('_')[1]}", "eve")
    ended = gateway.call("GET", "/session", **cookie)
    assert (ended.status_code, "revoked" in ended.json()["detail"]) == (401, True)
    assert 'odamesh=""' in ended.headers["Set-Cookie"], "the browser goes on without it"


def test_a_session_lasts_no_longer_than_its_token(gateway: Guarded) -> None:
    answer = _sign_in(gateway, web_token(exp=int(time.time()) + 100))
    assert int(answer.headers["Set-Cookie"].partition("Max-Age=")[2].partition(";")[0]) <= 100
    assert gateway.call("GET", "/session", **_cookie(answer)).json()["roles"] == ["alerts", "unknown"]


def test_a_session_begins_no_session_and_needs_an_account(gateway: Guarded) -> None:
    for sent in ({}, _cookie(_sign_in(gateway))):
        assert gateway.call("POST", "/session", **sent).status_code == 401


def test_a_cookie_that_this_mesh_has_not_made_is_refused(gateway: Guarded) -> None:
    claims = {"iss": "odamesh", "aud": "odamesh-session", "sub": "eve", "roles": [], "scopes": ["read"], "token": ""}
    for key, exp in (("x" * 40, 600), (SIGNING.keys[0], -600)):
        forged = jwt.encode({**claims, "exp": int(time.time()) + exp}, key, algorithm="HS256")
        assert gateway.call("GET", "/session", headers={"Cookie": f"odamesh={forged}"}).status_code == 401
    # What is no cookie is no credential, and a session is no token.
    value = _cookie(_sign_in(gateway))["headers"]["Cookie"].partition("=")[2]
    assert gateway.call("GET", "/session", value).status_code == 401
    assert gateway.call("GET", "/session", headers={"Cookie": f"odamesh={web_token()}"}).status_code == 401


def test_earlier_keys_count_until_they_are_gone(gateway: Guarded) -> None:
    cookie = _cookie(_sign_in(gateway))
    for keys, status in ((("new" * 20, *SIGNING.keys), 200), (("new" * 20,), 401)):
        signing = Signing(keys=keys, salt=SIGNING.salt)
        gateway.access = Access(signing=signing, issuers={"mmoda": MMODA})
        assert gateway.call("GET", "/session", **cookie).status_code == status


def test_signing_out_takes_the_cookie_away(gateway: Guarded) -> None:
    answer = gateway.call("DELETE", "/session", **_cookie(_sign_in(gateway)))
    assert (answer.status_code, 'odamesh=""' in answer.headers["Set-Cookie"]) == (204, True)
    assert [entry.deed for entry in gateway.noted] == ["sign-in", "sign-out"]


_FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://gateway.test.evil.example"},
    {"Origin": "http://gateway.test:8888"},
    {"Origin": "http://localhost:8888"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://gateway.test"},
    {"Origin": "http://["},
]


@pytest.mark.parametrize("headers", _FOREIGN, ids=str)
def test_a_page_of_another_site_changes_nothing_on_any_mesh(gateway: Guarded, headers: dict[str, str]) -> None:
    guarded = gateway.call("POST", "/jobs", json=BODY, headers={**headers, **_cookie(_sign_in(gateway))["headers"]})
    open_mesh = create_app(_open(gateway))
    for answer in (guarded, call(open_mesh, "POST", "/api/v1/jobs", json=BODY, headers=headers)):
        assert (answer.status_code, answer.json()["type"]) == (403, "/api/v1/problems/cross-site")
    assert gateway.records.jobs == {}
    assert gateway.call("GET", "/jobs", "ada", headers=headers).status_code == 200, (
        "reading is for the browser to judge"
    )


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://gateway.test"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_its_own_pages_and_programs_pass(gateway: Guarded, headers: dict[str, str]) -> None:
    assert gateway.call("POST", "/jobs", "ada", json=BODY, headers=headers).status_code == 201


def test_behind_a_proxy_the_public_name_is_its_own(gateway: Guarded) -> None:
    behind = create_app(replace(_open(gateway), hosts=frozenset({"mesh.example", "gateway.test", "localhost"})))
    for origin, status in (("https://mesh.example", 201), ("http://localhost:8888", 403)):
        answer = call(behind, "POST", "/api/v1/jobs", json=BODY, headers={"Origin": origin})
        assert answer.status_code == status


def test_a_mesh_that_asks_nobody_ignores_tokens_and_has_none(gateway: Guarded) -> None:
    app = create_app(_open(gateway))
    answer = call(app, "GET", "/api/v1/session", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()["accounts"], "RateLimit" in answer.headers) == (200, False, False)
    refused = call(app, "POST", "/api/v1/tokens", json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "/api/v1/problems/no-accounts")


def test_on_a_mesh_that_asks_nobody_everybody_sees_everything(gateway: Guarded) -> None:
    open_mesh = Gateway(create_app(_open(gateway)), gateway.records, gateway.products, gateway.publisher, gateway.quota)
    job = open_mesh.submit(user="ada")
    assert open_mesh.call("GET", f"/jobs/{job}").json()["user"] == "ada"
    assert [one["job_id"] for one in open_mesh.call("GET", "/jobs").json()["jobs"]] == [job]
    assert open_mesh.call("DELETE", f"/jobs/{job}").status_code == 202
    assert open_mesh.call("GET", "/users/ada/usage").status_code == 200


def _open(gateway: Guarded) -> Parts:
    parts: Parts = gateway.app.state.parts
    return replace(parts, front=None)
