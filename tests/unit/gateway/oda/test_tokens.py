"""refresh_token and update_token_email_options: what accounts allow, else the words of the protocol."""

import time
from datetime import datetime
from typing import Any

import httpx
import jwt
import pytest

from gateway.auth.access_file import Access
from mesh.intake import Scope
from tests.unit.gateway.conftest import Gateway, gateway
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded, web_token

__all__ = ["gateway"]

WEEK_S = 604_800
SIGNS = MMODA.model_copy(update={"refresh": True})


def _ask(guarded: Guarded, path: str, token: str | None, **arguments: Any) -> httpx.Response:
    given = {"query_status": "new", **arguments} | ({} if token is None else {"token": token})
    return call(guarded.app, "GET", path, params=given)


def _claims(text: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(text, MMODA.keys[0], algorithms=["HS256"])
    return found


def test_an_api_token_that_may_make_tokens_is_refreshed_by_a_further_one() -> None:
    guarded = Guarded()
    answer = _ask(guarded, "/refresh_token", guarded.tokens["ada"], refresh_interval=86_400)
    assert answer.status_code == 200
    made = guarded.accounts.token(answer.text.split("_")[1])
    assert made is not None
    assert (made.user, set(made.scopes)) == ("ada", set(Scope))
    assert guarded.call("GET", "/session", answer.text).json()["name"] == "ada"
    assert 0 < time.time() + 86_400 - _end(guarded, answer.text) < 60
    assert [entry.caller for entry in guarded.noted if entry.deed == "make-token"] == ["ada"]
    assert answer.headers["Cache-Control"] == "no-store"


def _end(guarded: Guarded, token: str) -> float:
    return datetime.fromisoformat(guarded.call("GET", "/session", token).json()["expires"]).timestamp()


def test_an_api_token_that_is_not_for_tokens_makes_none() -> None:
    guarded = Guarded()
    before = len(guarded.objects.content)
    answer = _ask(guarded, "/refresh_token", guarded.tokens["bob"])
    assert (answer.status_code, "scope tokens" in answer.text) == (403, True)
    assert len(guarded.objects.content) == before


def test_the_token_of_an_issuer_is_signed_anew_for_a_week_at_most() -> None:
    guarded = Guarded(Access(signing=SIGNING, issuers={"mmoda": SIGNS}))
    old = web_token(roles="refresh-tokens", exp=int(time.time()) + 300_000, tem=60)
    answer = _ask(guarded, "/refresh_token", old)
    assert answer.status_code == 200
    claims = _claims(answer.text)
    assert (claims["sub"], claims["tem"]) == ("ada@unige.ch", 60)
    assert 0 <= time.time() + WEEK_S - claims["exp"] < 60
    assert guarded.call("GET", "/session", answer.text).json()["name"] == "ada@unige.ch"


@pytest.mark.parametrize(
    ("issuer", "roles", "words"),
    [
        (SIGNS, "alerts", "the following roles are missing: refresh-tokens"),
        (MMODA, "refresh-tokens", "This mesh changes no such token"),
    ],
)
def test_without_role_or_permission_the_token_stays_as_it_is(issuer: Any, roles: str, words: str) -> None:
    guarded = Guarded(Access(signing=SIGNING, issuers={"mmoda": issuer}))
    answer = _ask(guarded, "/refresh_token", web_token(roles=roles))
    assert (answer.status_code, words in answer.text) == (403, True)


@pytest.mark.parametrize("path", ["/refresh_token", "/update_token_email_options"])
def test_without_a_token_nothing_is_changed(gateway: Gateway, path: str) -> None:
    guarded = Guarded()
    assert (_ask(guarded, path, None).status_code, _ask(guarded, path, None).text) == (403, "A token must be provided.")
    assert "asks nobody" in call(gateway.app, "GET", path).text
    cookie = guarded.call("POST", "/session", web_token(roles="refresh-tokens")).headers["Set-Cookie"].partition(";")[0]
    assert call(guarded.app, "GET", path, headers={"Cookie": cookie}).status_code == 403


@pytest.mark.parametrize("interval", [0, -1, WEEK_S + 1, "nan", "soon"])
def test_an_interval_has_a_range(interval: object) -> None:
    guarded = Guarded()
    assert _ask(guarded, "/refresh_token", guarded.tokens["ada"], refresh_interval=interval).status_code == 400


def test_wishes_about_mail_are_written_into_the_token_of_an_issuer() -> None:
    guarded = Guarded(Access(signing=SIGNING, issuers={"mmoda": SIGNS}))
    asked = {"msfail": "False", "mssub": "False", "msdone": "True", "tem": "30", "roles": "operator"}
    answer = _ask(guarded, "/update_token_email_options", web_token(), **asked)
    claims = _claims(answer.text)
    assert (claims["msfail"], claims["mssub"], claims["msdone"], claims["tem"]) == (False, False, True, 30.0)
    assert claims["roles"] == "alerts, unknown"
    assert _ask(guarded, "/update_token_email_options", web_token(), msfail="maybe").status_code == 400
