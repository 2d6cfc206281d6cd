"""Signing in with a browser elsewhere: a code, patience, and what a provider can answer; over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.auth.access_file import Access, OpenId
from odamesh.device_sign_in import device_token
from odamesh.errors import MeshUnavailable, NotSignedIn, UnexpectedAnswer
from odamesh.kept_tokens import token_for
from tests.unit.client.test_accounts import _own_files, _run, _Served, served  # noqa: F401  # fixtures
from tests.unit.gateway.guarded import SIGNING
from tests.unit.gateway.test_issuers import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    told = {"issuer": made.url, "jwks_uri": f"{made.url}/keys"}
    told |= {"device_authorization_endpoint": f"{made.url}/device", "token_endpoint": f"{made.url}/token"}
    made.answers["/realms/x/.well-known/openid-configuration"] = json.dumps(told).encode()
    begun = {"device_code": "d", "user_code": "WDJB-MJHT", "verification_uri": f"{made.url}/go", "interval": 2}
    made.answers["/realms/x/device"] = json.dumps({**begun, "expires_in": 20}).encode()
    yield made
    made.stop()


def _sign_in(provider: Provider, *answers: dict[str, Any]) -> tuple[str, list[str], list[float]]:
    said: list[str] = []
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        answer = answers[min(len(slept), len(answers) - 1)]
        provider.answers["/realms/x/token"] = json.dumps(answer).encode()
        provider.statuses["/realms/x/token"] = 400 if "error" in answer else 200
        slept.append(seconds)

    return device_token(provider.url, "odamesh", said.append, sleep), said, slept


_PENDING = {"error": "authorization_pending"}


def test_a_code_is_shown_and_waited_for_as_slowly_as_is_asked(provider: Provider) -> None:
    token, said, slept = _sign_in(provider, _PENDING, {"error": "slow_down"}, _PENDING, {"id_token": "x.y.z"})
    assert token == "x.y.z"  # noqa: S105
    assert said == [f"Open {provider.url}/go in a browser, and confirm the code WDJB-MJHT."]
    assert slept == [2, 2, 7, 7]


def test_nobody_comes_or_the_user_refuses(provider: Provider) -> None:
    with pytest.raises(NotSignedIn, match="in time"):
        _sign_in(provider, _PENDING)
    with pytest.raises(NotSignedIn, match="access_denied"):
        _sign_in(provider, {"error": "access_denied"})
    with pytest.raises(UnexpectedAnswer, match="id_token"):
        _sign_in(provider, {"access_token": "x"})


def test_a_provider_that_offers_none_or_without_tls(provider: Provider) -> None:
    place = "/realms/x/.well-known/openid-configuration"
    good = json.loads(provider.answers[place])
    for change, words in (
        ({"issuer": "https://other.example"}, "offers no sign-in"),
        ({"token_endpoint": "http://login.example/token"}, "no TLS"),
        ({"device_authorization_endpoint": "http://login.example/device"}, "no TLS"),
    ):
        provider.answers[place] = json.dumps({**good, **change}).encode()
        with pytest.raises(UnexpectedAnswer, match=words):
            _sign_in(provider, {"id_token": "x"})
    with pytest.raises(UnexpectedAnswer, match="no TLS"):
        device_token("http://login.example", "odamesh", print)
    with pytest.raises(MeshUnavailable):
        device_token("http://127.0.0.1:9", "odamesh", print)


def test_login_keeps_an_api_token_of_whoever_confirmed(
    served: _Served,  # noqa: F811
    provider: Provider,
) -> None:
    issuer = OpenId(kind="openid", url=provider.url, audience=("odamesh",), client_id="odamesh")
    served.access = Access(signing=SIGNING, issuers={"login": issuer})
    provider.answers["/realms/x/device"] = provider.answers["/realms/x/device"].replace(
        b'"interval": 2', b'"interval": 0'
    )
    provider.answers["/realms/x/token"] = json.dumps({"id_token": provider.token()}).encode()
    unknown = _run(served, "login", "--issuer", "other")
    assert (unknown.exit_code, "allowed: login" in unknown.output) == (2, True)
    done = _run(served, "login", "--issuer", "login")
    assert done.exit_code == 0, done.output
    assert "as 123-456@login" in done.output
    assert str(token_for(served.url)).startswith("odm_")
    assert "read, tokens, write" in _run(served, "whoami").output
