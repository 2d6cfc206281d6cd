"""An OpenID Connect provider over real HTTP: its keys are found, rotate, and are not asked for without end."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pydantic import ValidationError

from gateway.auth import issuer_keys
from gateway.auth.access_file import Access, OpenId
from gateway.auth.errors import IssuerUnavailable, NotSignedIn
from gateway.auth.web_tokens import Told, WebTokens
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded, web_token


class Provider:
    """A small provider: a configuration, keys, and tokens signed with them."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.asked: list[str] = []
        self.away = False
        self.answers: dict[str, bytes] = {}
        self.statuses: dict[str, int] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                body = provider.answers.get(self.path) or provider.answer(self.path)
                self.send_response(503 if provider.away else provider.statuses.get(self.path, 200))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/x"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def answer(self, path: str) -> bytes:
        """Return what it says at an address."""
        if path.endswith("openid-configuration"):
            return json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}).encode()
        listed = []
        for key_id, key in self.keys.items():
            kind = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
            listed.append({**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"})
        return json.dumps({"keys": listed}).encode()

    def token(self, key_id: str | None = "one", algorithm: str = "RS256", key: Any = None, **claims: Any) -> str:
        """Return a signed token."""
        told = {"iss": self.url, "aud": "odamesh", "sub": "123-456", "exp": int(time.time()) + 600, **claims}
        headers = {"kid": key_id} if key_id else {}
        return jwt.encode(told, key or self.keys[key_id or "one"], algorithm=algorithm, headers=headers)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.stop()


def _access(provider: Provider, **fields: Any) -> Access:
    issuer = OpenId(kind="openid", url=provider.url, audience=("odamesh",), **fields)
    return Access(signing=SIGNING, issuers={"login": issuer, "mmoda": MMODA})


def _read(provider: Provider, token: str, **fields: Any) -> Told:
    return WebTokens().read(token, _access(provider, **fields))


def test_a_token_is_known_by_keys_that_the_provider_tells(provider: Provider) -> None:
    gateway = Guarded(_access(provider, roles_claim="realm_access.roles", roles={"mesh-alerts": "alerts"}))
    token = provider.token(realm_access={"roles": ["mesh-alerts", "other"]})
    for _ in range(3):
        found = gateway.call("GET", "/session", token).json()
        assert (found["name"], found["roles"]) == ("123-456@login", ["alerts", "other"])
    assert provider.asked == ["/realms/x/.well-known/openid-configuration", "/realms/x/keys"], "asked once"
    assert gateway.call("GET", "/session", web_token()).json()["name"] == "ada@unige.ch", "beside the other issuer"


def test_a_mail_address_counts_once_it_is_verified(provider: Provider) -> None:
    fields = {"name_claim": "email", "domains": ("login.example",)}
    assert (
        _read(provider, provider.token(email="ada@login.example", email_verified=True), **fields).name
        == "ada@login.example"
    )
    for told in (False, None, "true"):
        with pytest.raises(NotSignedIn, match="not verified"):
            _read(provider, provider.token(email="ada@login.example", email_verified=told), **fields)


def test_a_new_key_counts_at_once_and_a_removed_one_after_ten_minutes(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_keys, "_PAUSE_SECONDS", 0.0)
    reader, access = WebTokens(), _access(provider)
    old = provider.token()
    assert reader.read(old, access).name == "123-456@login"
    provider.keys["two"] = ec.generate_private_key(ec.SECP256R1())
    assert reader.read(provider.token("two", "ES256"), access).name == "123-456@login"
    del provider.keys["one"]
    assert reader.read(old, access)
    monkeypatch.setattr(issuer_keys, "_FRESH_SECONDS", 0.0)
    with pytest.raises(NotSignedIn, match="not signed"):
        reader.read(old, access)


def test_unknown_keys_do_not_have_the_provider_asked_again_and_again(provider: Provider) -> None:
    reader, access = WebTokens(), _access(provider)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for number in range(5):
        with pytest.raises(NotSignedIn):
            reader.read(provider.token(f"unknown-{number}", key=stranger), access)
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"aud": None},
        {"exp": 1},
        {"iss": "https://login.example"},
        {"algorithm": "RS512"},
    ],
    ids=str,
)
def test_what_the_provider_did_not_mean_for_this_mesh_is_refused(provider: Provider, change: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        _read(provider, provider.token(**change))


def test_a_key_of_the_provider_counts_with_an_algorithm_that_is_allowed(provider: Provider) -> None:
    provider.keys["two"] = ec.generate_private_key(ec.SECP256R1())
    token = provider.token("two", "ES256")
    assert _read(provider, token).name == "123-456@login"
    with pytest.raises(NotSignedIn):
        _read(provider, token, algorithms=("RS256",))


def test_a_public_key_is_no_shared_secret(provider: Provider) -> None:
    """The classic confusion: HS256 with the text of the public key as secret."""
    public = provider.answer("/keys").decode()
    claims = {"iss": provider.url, "aud": "odamesh", "sub": "eve", "exp": time.time() + 60}
    parts = [{"alg": "HS256", "kid": "one"}, claims]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    seal = hmac.digest(public.encode(), signed.encode(), "sha256")
    forged = f"{signed}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"
    with pytest.raises(NotSignedIn):
        _read(provider, forged)


def test_a_provider_that_is_away_is_told_as_such_and_known_keys_go_on(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_keys, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "_FRESH_SECONDS", 0.0)
    reader, access = WebTokens(), _access(provider)
    token = provider.token()
    provider.away = True
    with pytest.raises(IssuerUnavailable):
        reader.read(token, access)
    answer = Guarded(access).call("GET", "/session", token)
    assert (answer.status_code, answer.json()["type"]) == (503, "/api/v1/problems/issuer-unavailable")
    provider.away = False
    assert reader.read(token, access)
    provider.away = True
    assert reader.read(token, access), "with the keys that are known"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"null", b'{"keys": 5}', b'{"keys": [{"kty": "none"}]}', b'{"keys": []}', b"x" * 600_000],
)
def test_a_provider_that_tells_nonsense_is_away(provider: Provider, body: bytes) -> None:
    provider.answers["/realms/x/keys"] = body or b" "
    with pytest.raises(IssuerUnavailable):
        _read(provider, provider.token())


def test_a_configuration_of_another_issuer_is_not_believed(provider: Provider) -> None:
    place = "/realms/x/.well-known/openid-configuration"
    for told in ({"issuer": "https://other", "jwks_uri": f"{provider.url}/keys"}, {"issuer": provider.url}):
        provider.answers[place] = json.dumps(told).encode()
        with pytest.raises(IssuerUnavailable):
            _read(provider, provider.token())
    provider.answers[place] = json.dumps({"issuer": provider.url, "jwks_uri": "http://login.example/keys"}).encode()
    with pytest.raises(IssuerUnavailable):
        _read(provider, provider.token())


def test_keys_are_not_fetched_without_tls_from_elsewhere() -> None:
    with pytest.raises(ValidationError, match="https"):
        OpenId(kind="openid", url="http://login.example", audience=("odamesh",))
