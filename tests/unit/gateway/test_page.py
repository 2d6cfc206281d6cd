"""The page comes to browsers alone, with a policy, packed and kept; where it is not built, that is said."""

import gzip
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gateway import problem
from gateway.auth.access_file import Access
from gateway.web import page as web
from gateway.web.addresses import SCREENS
from gateway.web.policy import content_security_policy
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded

_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
_ROOM = Path(web.__file__).parent


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as the build leaves one."""
    (tmp_path / "index.html").write_text('<meta name="root" content="{{root}}"><p>{{version}}')
    (tmp_path / "page-ABCDEFGH.js").write_text("plain")
    (tmp_path / "page-ABCDEFGH.js.gz").write_bytes(gzip.compress(b"packed"))
    (tmp_path / "stamp").write_text("secret")
    (tmp_path / "licences").mkdir()
    (tmp_path / "licences" / "COPYING.LESSER.txt").write_text("licence")
    return tmp_path


def _app(folder: Path, policy: str = "default-src 'self'") -> FastAPI:
    app = FastAPI()
    problem.install(app)
    web.install(app, web.Page(policy, "1.2", folder))
    return app


@pytest.mark.parametrize("screen", SCREENS)
def test_a_browser_gets_the_page_at_the_address_of_every_screen(built: Path, screen: str) -> None:
    answer = call(_app(built), "GET", screen.replace("{", "").replace("}", ""), headers=_BROWSER)
    assert (answer.status_code, "1.2" in answer.text) == (200, True)
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert answer.headers["cache-control"] == "no-cache"


def test_the_page_knows_the_path_below_which_it_is_reached(built: Path) -> None:
    app = _app(built)

    async def below(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "root_path": "/a&b/"}, receive, send)

    answer = call(below, "GET", "/about", headers=_BROWSER)  # type: ignore[arg-type]
    assert 'content="/a&amp;b"' in answer.text


def test_files_come_packed_where_the_browser_takes_them_so_and_are_kept(built: Path) -> None:
    packed = call(_app(built), "GET", "/page/page-ABCDEFGH.js", headers={"Accept-Encoding": "gzip;q=1, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    plain = call(_app(built), "GET", "/page/page-ABCDEFGH.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, plain.headers["content-type"].split(";")[0]) == ("plain", "text/javascript")
    licence = call(_app(built), "GET", "/page/licences/COPYING.LESSER.txt")
    assert (licence.text, licence.headers["cache-control"]) == ("licence", "no-cache")


@pytest.mark.parametrize("name", ["stamp", "../page.py", "licences", "..%2Fpage.py", "%2e%2e/page.py", "x.js", ".js"])
def test_no_other_file_is_served(gateway: Gateway, name: str) -> None:
    assert call(gateway.app, "GET", f"/page/{name}").status_code == 404


def test_a_page_that_is_not_built_is_told_with_what_to_do(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(web.Page, "built", False)
    answer = call(gateway.app, "GET", "/about", headers=_BROWSER)
    assert (answer.status_code, "infra/bootstrap.sh" in answer.json()["detail"]) == (404, True)
    front = call(gateway.app, "GET", "/", headers=_BROWSER)
    assert (front.status_code, "infra/bootstrap.sh" in front.text, "/docs" in front.text) == (200, True, True)


def test_a_program_is_told_where_its_interface_is(gateway: Gateway) -> None:
    answer = call(gateway.app, "GET", "/jobs")
    assert (answer.status_code, "/api/v1" in answer.json()["detail"]) == (404, True)


def test_who_has_no_account_gets_the_page_to_sign_in_on(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_DIST", built)
    closed = Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, anonymous=False))
    answer = closed.call("GET", "/jobs/0123/sky", whole=True, headers=_BROWSER)
    assert answer.status_code == 200
    assert closed.call("GET", "/api/v1/jobs").status_code == 401


def test_the_policy_names_the_store_and_the_surveys_and_nobody_else() -> None:
    policy = content_security_policy("https://files.example/x", ["https://sky.example/a", "https://sky.example/b"])
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["connect-src"].split() == [
        *("'self'", "data:", "blob:", "https://files.example", "https://sky.example", "http://localhost:21012")
    ]
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert "https" not in content_security_policy(None)


def test_the_lock_of_the_packages_names_hashes_and_no_host() -> None:
    lock = json.loads((_ROOM / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
    declared = json.loads((_ROOM / "package.json").read_text())
    versions = {**declared["dependencies"], **declared["devDependencies"]}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in versions} == versions
