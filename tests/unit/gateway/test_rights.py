"""Every endpoint, asked by nobody, another user, the owner and an operator; a new endpoint must be added here."""

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from starlette.routing import BaseRoute, Mount, Route

from gateway.auth.access_file import Access
from gateway.oda import endpoints as oda
from gateway.oda import gallery
from gateway.web.addresses import SCREENS
from mesh.contracts.alert import AlertEvent
from mesh.contracts.notice import Messenger
from mesh.contracts.transient import TransientRecord
from mesh.errors import InvalidRequest
from mesh.states import UnitState
from tests.unit.gateway.admin_doubles import dead_letter
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import key_of, manifest, stage_product, unit_row
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded

_LABEL = "201600270010.001"
_KEY = key_of("image", _LABEL)
_WHO = (None, "bob", "ada", "eve")
"""Nobody, another user, the owner, an operator."""

# Method and route -> the statuses for nobody, another user, the owner and an operator: first of a job of its own,
# then of one that its owner shares, where that is another answer.
_RIGHTS: dict[tuple[str, str], tuple[tuple[int, int, int, int], tuple[int, int, int, int] | None]] = {
    ("GET", "/"): ((200, 200, 200, 200), None),
    ("GET", "/docs"): ((200, 200, 200, 200), None),
    # The page is the same for everybody; of these callers none is a browser.
    ("GET", "/new"): ((404, 404, 404, 404), None),
    ("GET", "/jobs"): ((404, 404, 404, 404), None),
    ("GET", "/jobs/{job_id}"): ((404, 404, 404, 404), None),
    ("GET", "/jobs/{job_id}/{tab}"): ((404, 404, 404, 404), None),
    ("GET", "/requests/{request_key}"): ((404, 404, 404, 404), None),
    ("GET", "/gallery"): ((404, 404, 404, 404), None),
    ("GET", "/transients/{name}"): ((404, 404, 404, 404), None),
    ("GET", "/alerts"): ((404, 404, 404, 404), None),
    ("GET", "/operate"): ((404, 404, 404, 404), None),
    ("GET", "/sign-in"): ((404, 404, 404, 404), None),
    ("GET", "/about"): ((404, 404, 404, 404), None),
    ("GET", "/page/{name:path}"): ((404, 404, 404, 404), None),
    ("GET", "/livez"): ((200, 200, 200, 200), None),
    ("GET", "/readyz"): ((200, 200, 200, 200), None),
    ("GET", "/metrics"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/openapi.json"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/instruments"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/instruments/{name}"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/names"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/time"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/archive"): ((200, 200, 200, 200), None),
    ("POST", "/api/v1/selections"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/problems/{name}"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/issuers"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/session"): ((200, 200, 200, 200), None),
    ("POST", "/api/v1/session"): ((401, 201, 201, 201), None),
    ("DELETE", "/api/v1/session"): ((204, 204, 204, 204), None),
    ("GET", "/api/v1/tokens"): ((403, 403, 200, 200), None),
    ("POST", "/api/v1/tokens"): ((403, 403, 201, 201), None),
    ("DELETE", "/api/v1/tokens/{token_id}"): ((403, 403, 200, 200), None),
    ("GET", "/api/v1/accounts"): ((403, 403, 403, 200), None),
    ("PUT", "/api/v1/accounts/{name}"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/roles"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/audit-trail"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/queues"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/workers"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/dead-letters"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/dead-letters/{queue}/{letter_id}"): ((403, 403, 403, 200), None),
    ("DELETE", "/api/v1/admin/dead-letters/{queue}/{letter_id}"): ((403, 403, 403, 204), None),
    ("POST", "/api/v1/admin/dead-letters/{queue}/{letter_id}/send-again"): ((403, 403, 403, 202), None),
    ("GET", "/api/v1/admin/cache"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/users"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/admin/alarms"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/users/{user}/usage"): ((403, 403, 200, 200), None),
    ("GET", "/api/v1/jobs"): ((403, 200, 200, 200), None),
    ("POST", "/api/v1/jobs"): ((201, 201, 201, 201), None),
    ("GET", "/api/v1/jobs/{job_id}"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("DELETE", "/api/v1/jobs/{job_id}"): ((404, 404, 202, 202), (403, 403, 202, 202)),
    ("POST", "/api/v1/jobs/{job_id}/start"): ((404, 404, 202, 202), (403, 403, 202, 202)),
    ("POST", "/api/v1/jobs/{job_id}/share"): ((404, 404, 200, 200), (403, 403, 200, 200)),
    ("DELETE", "/api/v1/jobs/{job_id}/share"): ((404, 404, 200, 200), (403, 403, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/asked"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/units"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/events"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/units/{label}/log"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/products"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/products/{stage}/{label}"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/products/{stage}/{label}/{name}"): ((404, 404, 302, 302), (302, 302, 302, 302)),
    # The products of this job were removed.
    ("GET", "/api/v1/jobs/{job_id}/archive"): ((404, 404, 410, 410), (410, 410, 410, 410)),
    ("GET", "/api/v1/jobs/{job_id}/provenance"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/jobs/{job_id}/code"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/api/v1/products/{key}/provenance"): ((200, 200, 200, 200), None),
    # The key of a product, or of a request, is known to those who may see a job that has it: it opens what it names.
    ("GET", "/api/v1/products/{key}"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/products/{key}/{name}"): ((302, 302, 302, 302), None),
    # Without a usable notice: what is answered to whom is tested with the alerts.
    ("POST", "/api/v1/alerts"): ((401, 403, 403, 422), None),
    ("GET", "/api/v1/alerts/events"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/alerts/events/{event}"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/alerts/events/{event}/record"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/alerts/events/{event}/records/{version}"): ((200, 200, 200, 200), None),
    ("POST", "/api/v1/alerts/events/{event}/{deed}"): ((403, 403, 403, 202), None),
    ("GET", "/api/v1/alerts/receipts/{receipt_id}"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/alerts/quarantine"): ((403, 403, 403, 200), None),
    ("POST", "/api/v1/alerts/replay"): ((403, 403, 403, 202), None),
    ("GET", "/api/v1/transients"): ((200, 200, 200, 200), None),
    ("GET", "/api/v1/transients/{event}"): ((200, 200, 200, 200), None),
    # The record has no light curve: what one shows is tested with the transients.
    ("GET", "/api/v1/transients/{event}/light-curves/{instrument}"): ((404, 404, 404, 404), None),
    ("GET", "/api/v1/alerts/webhooks"): ((403, 403, 403, 200), None),
    ("POST", "/api/v1/alerts/webhooks"): ((403, 403, 403, 201), None),
    ("DELETE", "/api/v1/alerts/webhooks/{name}"): ((403, 403, 403, 204), None),
    ("POST", "/api/v1/alerts/webhooks/{name}/rotate"): ((403, 403, 403, 200), None),
    ("POST", "/api/v1/alerts/webhooks/{name}/enable"): ((403, 403, 403, 200), None),
    ("POST", "/api/v1/alerts/webhooks/{name}/test"): ((403, 403, 403, 202), None),
    ("GET", "/api/v1/alerts/webhooks/{name}/deliveries/{delivery_id}"): ((403, 403, 403, 200), None),
    ("GET", "/api/v1/alerts/feed.{form}"): ((200, 200, 200, 200), None),
    ("POST", "/api/v1/requests"): ((200, 200, 200, 200), None),
    ("POST", "/api/v1/uploads"): ((201, 201, 201, 201), None),
    ("GET", "/api/v1/requests/{request_key}"): ((200, 200, 200, 200), None),
    # So does a permanent link; what needs a role, or a mesh for accounts alone, is tested with links.
    ("GET", "/r/{digits}"): ((200, 200, 200, 200), None),
    ("GET", "/r/{digits}/cite"): ((200, 200, 200, 200), None),
    ("GET", "/r/{digits}/files/{stage}/{label}/{name}"): ((404, 404, 404, 404), None),
    ("POST", "/api/v1/jobs/{job_id}/link"): ((404, 404, 200, 200), (403, 403, 200, 200)),
    ("DELETE", "/api/v1/jobs/{job_id}/link"): ((404, 404, 204, 204), (403, 403, 204, 204)),
    ("POST", "/api/v1/requests/{request_key}/jobs"): ((201, 201, 201, 201), None),
    ("GET", "/vo/tap/capabilities"): ((200, 200, 200, 200), None),
    ("GET", "/vo/tap/availability"): ((200, 200, 200, 200), None),
    ("GET", "/vo/tap/tables"): ((200, 200, 200, 200), None),
    # What jobs made is told to who has a list of jobs; TAP_SCHEMA to everybody.
    ("GET", "/vo/tap/sync"): ((403, 200, 200, 200), None),
    ("POST", "/vo/tap/sync"): ((403, 200, 200, 200), None),
    ("GET", "/vo/tap/async"): ((200, 200, 200, 200), None),
    ("POST", "/vo/tap/async"): ((303, 303, 303, 303), None),
    # Queries are kept elsewhere than jobs: what a query shows to whom is tested with the tables.
    ("GET", "/vo/tap/async/{job_id}"): ((404, 404, 404, 404), None),
    ("POST", "/vo/tap/async/{job_id}"): ((404, 404, 404, 404), None),
    ("DELETE", "/vo/tap/async/{job_id}"): ((404, 404, 404, 404), None),
    ("GET", "/vo/tap/async/{job_id}/{part}"): ((404, 404, 404, 404), None),
    ("POST", "/vo/tap/async/{job_id}/{part}"): ((404, 404, 404, 404), None),
    ("GET", "/vo/tap/async/{job_id}/error"): ((404, 404, 404, 404), None),
    ("GET", "/vo/tap/async/{job_id}/results/result"): ((404, 404, 404, 404), None),
    ("GET", "/vo/sia2/capabilities"): ((200, 200, 200, 200), None),
    ("GET", "/vo/sia2/availability"): ((200, 200, 200, 200), None),
    ("GET", "/vo/sia2/query"): ((403, 200, 200, 200), None),
    ("POST", "/vo/sia2/query"): ((403, 200, 200, 200), None),
    ("GET", "/vo/datalink/capabilities"): ((200, 200, 200, 200), None),
    ("GET", "/vo/datalink/availability"): ((200, 200, 200, 200), None),
    # An ID that is none, or not the caller's, is a row that says so.
    ("GET", "/vo/datalink/links"): ((200, 200, 200, 200), None),
    ("POST", "/vo/datalink/links"): ((200, 200, 200, 200), None),
    ("GET", "/vo/moc"): ((403, 200, 200, 200), None),
    # 404 for who may see it too: the doubles have no archive that tells where windows are.
    ("GET", "/vo/moc/{identifier}"): ((404, 404, 404, 404), None),
    ("GET", "/vo/{instrument}/{product}/capabilities"): ((200, 200, 200, 200), None),
    ("GET", "/vo/{instrument}/{product}/availability"): ((200, 200, 200, 200), None),
    ("GET", "/vo/{instrument}/{product}/sync"): ((400, 400, 400, 400), None),
    ("POST", "/vo/{instrument}/{product}/sync"): ((400, 400, 400, 400), None),
    ("GET", "/vo/{instrument}/{product}/async"): ((403, 200, 200, 200), None),
    ("POST", "/vo/{instrument}/{product}/async"): ((303, 303, 303, 303), None),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("POST", "/vo/{instrument}/{product}/async/{job_id}"): ((404, 404, 303, 303), (403, 403, 303, 303)),
    ("DELETE", "/vo/{instrument}/{product}/async/{job_id}"): ((404, 404, 303, 303), (403, 403, 303, 303)),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}/{part}"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}/error"): ((404, 404, 404, 404), (404, 404, 404, 404)),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}/parameters"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}/results"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("GET", "/vo/{instrument}/{product}/async/{job_id}/results/result"): ((404, 404, 200, 200), (200, 200, 200, 200)),
    ("POST", "/vo/{instrument}/{product}/async/{job_id}/phase"): ((404, 404, 303, 303), (403, 403, 303, 303)),
    ("POST", "/vo/{instrument}/{product}/async/{job_id}/parameters"): ((404, 404, 409, 409), (403, 403, 409, 409)),
    ("POST", "/vo/{instrument}/{product}/async/{job_id}/destruction"): ((404, 404, 303, 303), (403, 403, 303, 303)),
    ("POST", "/vo/{instrument}/{product}/async/{job_id}/executionduration"): (
        (404, 404, 303, 303),
        (403, 403, 303, 303),
    ),
    # Without arguments: what a job shows to whom is tested with the protocol.
    ("GET", "/run_analysis"): ((400, 400, 400, 400), None),
    ("POST", "/run_analysis"): ((400, 400, 400, 400), None),
    ("GET", "/api/instr-list"): ((200, 200, 200, 200), None),
    ("GET", "/instr-list"): ((200, 200, 200, 200), None),
    ("GET", "/api/meta-data"): ((400, 400, 400, 400), None),
    ("GET", "/meta-data"): ((400, 400, 400, 400), None),
    ("GET", "/api/par-names"): ((400, 400, 400, 400), None),
    ("GET", "/download_products"): ((400, 400, 400, 400), None),
    ("GET", "/inspect-state"): ((403, 200, 200, 200), None),
    ("GET", "/refresh_token"): ((403, 403, 200, 200), None),
    ("GET", "/update_token_email_options"): ((403, 403, 403, 403), None),
    # Without a name, and without an archive.
    ("GET", "/resolve_name"): ((400, 400, 400, 400), None),
    ("GET", "/get_revnum"): ((400, 400, 400, 400), None),
    **{(method, path): ((501, 501, 501, 501), None) for path, method in gallery.ABSENT.items()},
}
_ODA = oda.addresses()
"""Their client gives up at 401: it is told 403."""
_FOR_VISITORS = {"/", "/docs", "/livez", "/readyz", "/api/v1", "/api/v1/openapi.json", "/api/v1/problems/{name}"} | {
    "/api/v1/issuers"
}
_PAGE = {*SCREENS, "/page/{name:path}"}
"""For visitors too, who are told the same as everybody else."""
_RUNS_ON = {"/api/v1/jobs/{job_id}", "/api/v1/jobs/{job_id}/start"} | {
    f"/vo/{{instrument}}/{{product}}/async/{{job_id}}/{part}" for part in ("phase", "executionduration")
}
"""Need a job that has not ended, when they change it."""
_FAMILY = "/vo/{instrument}/{product}"
_QUERY = {"LANG": "ADQL", "QUERY": "SELECT obs_id FROM ivoa.obscore"}
_FORMS = {
    "/vo/tap/sync": _QUERY,
    "/vo/tap/async": _QUERY,
    "/vo/tap/async/{job_id}": {"ACTION": "DELETE"},
    f"{_FAMILY}/async": {"SCWS": "201600270010"},
    f"{_FAMILY}/async/{{job_id}}": {"ACTION": "DELETE"},
    f"{_FAMILY}/async/{{job_id}}/phase": {"PHASE": "RUN"},
    f"{_FAMILY}/async/{{job_id}}/parameters": {"BANDS": "20-40"},
    f"{_FAMILY}/async/{{job_id}}/destruction": {"DESTRUCTION": "2999-01-01T00:00:00"},
    f"{_FAMILY}/async/{{job_id}}/executionduration": {"EXECUTIONDURATION": "1"},
}
_BODIES = {
    ("POST", "/api/v1/jobs"): BODY,
    ("POST", "/api/v1/requests"): BODY,
    ("POST", "/api/v1/selections"): BODY,
    ("POST", "/api/v1/requests/{request_key}/jobs"): {},
    ("POST", "/api/v1/jobs/{job_id}/link"): {},
    ("POST", "/api/v1/tokens"): {},
    ("POST", "/api/v1/alerts"): {},
    ("POST", "/api/v1/alerts/events/{event}/{deed}"): {},
    ("POST", "/api/v1/alerts/replay"): {"event": "test:1"},
    ("POST", "/api/v1/alerts/webhooks/{name}/rotate"): {},
    ("PUT", "/api/v1/accounts/{name}"): {"roles": ["alerts"]},
}

_QUERIES = {"/vo/tap/sync": _QUERY, "/api/v1/names": {"name": "Crab"}, "/api/v1/time": {"value": "2018-10-29T12:00:00"}}


def _routes(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            assert route.path == "/docs/swagger", "a mounted application needs rows of its own"
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in sorted((route.methods or set()) - {"HEAD"}))
        else:
            # A router as the framework keeps it; what is none fails here.
            yield from _routes(route.original_router.routes)  # type: ignore[attr-defined]


def test_every_endpoint_is_in_the_table() -> None:
    assert set(_routes(Guarded().app.routes)) == set(_RIGHTS)


@pytest.fixture(scope="module")
def gateway() -> Guarded:
    guarded = Guarded()
    guarded.publisher.play_ends()
    return guarded


@pytest.fixture(scope="module")
def closed() -> Guarded:
    return Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, anonymous=False))


def _job(gateway: Guarded, *, ended: bool, shared: bool) -> dict[str, str]:
    """Make a job of ada with everything that has an address; return what the addresses need."""
    job_id = gateway.submit("ada")
    if shared:
        assert gateway.call("POST", f"/jobs/{job_id}/share", "ada").status_code == 200
    if ended:
        gateway.records.plan(job_id, [_LABEL])
        gateway.records.finish(job_id, products=(stage_product("mosaic", "job", {"mosaic.fits": "00"}),))
        gateway.records.tables[job_id]["image", _LABEL] = unit_row("image", _LABEL, UnitState.DONE)
    gateway.products.manifests[_KEY] = manifest(_KEY, {"image.fits": "00"})
    gateway.products.files[_KEY, "image.fits"] = b"SIMPLE"
    gateway.products.logs[_KEY] = b"log"
    known = {"job_id": job_id, "request_key": gateway.records.views[job_id].request_key, "key": _KEY}
    known |= {"digits": known["request_key"][:20]}
    gateway.call("GET", f"/r/{known['digits']}", "eve", whole=True)
    known |= {"stage": "image", "label": _LABEL, "user": "ada", "tab": "sky"}
    known |= {"instrument": "isgri", "product": "isgri_image", "part": "phase", "identifier": job_id}
    gateway.post.kept = [letter := dead_letter()]
    known |= {"queue": letter.queue, "letter_id": letter.id}
    known |= {"delivery_id": _webhook(gateway), "form": "atom"}
    known |= {"event": "test:1", "version": "1", "deed": "mute", "receipt_id": _alert(gateway)}
    return known


def _webhook(gateway: Guarded) -> str:
    """Register an endpoint, as far as there is none; return a message for it."""
    with suppress(InvalidRequest):
        gateway.webhooks.add("broker", "https://broker.example/", (), tests=False, caller="eve")
    return gateway.webhooks.try_out("broker").delivery_id


def _alert(gateway: Guarded) -> str:
    """Keep an event with a record; return its receipt."""
    notice = {"mission": "test", "id": ["1"], "trigger_time": "2024-01-01T00:00:00Z"}
    taken = gateway.alert_intake.take(json.dumps(notice).encode(), "test")
    alerts = gateway.alert_intake.alerts
    made = AlertEvent(event_key="test:1", receipts=(taken.receipt,), version=1)
    alerts.change_event("test:1", lambda _: made)
    alerts.put_record(
        TransientRecord(
            event_key="test:1",
            version=1,
            made="2024-01-01T00:00:01.000Z",
            state="ACTIVE",
            answer="nothing",
            test=False,
            messenger=Messenger.OTHER,
            versions=(),
        )
    )
    return taken.receipt.receipt_id


def _ask(gateway: Guarded, method: str, path: str, who: str | None, known: dict[str, str]) -> int:
    token_id = gateway.token("ada").split("_")[1]
    named = "isgri" if "/instruments" in path else "not-found" if "problems" in path else "image.fits"
    if "accounts" in path:
        named = "carl"
    if "webhooks" in path:
        named = "broker"
    path_of = path.replace(":path", "")
    place = path_of.format(**known, name=named, token_id=token_id) if "{" in path else path
    options: dict[str, object] = {"json": _BODIES[method, path]} if (method, path) in _BODIES else {}
    if (method, path) == ("POST", "/api/v1/alerts/webhooks"):
        name = f"{who or 'nobody'}-{secrets.token_hex(4)}"
        options["json"] = {"name": name, "url": "https://broker.example/"}
    if path in _QUERIES:
        options["params"] = _QUERIES[path]
    if path.endswith("/uploads"):
        options["content"] = b"a sky map"
    if method == "POST" and path in _FORMS:
        options = {"data": _FORMS[path]}
    # From an address of its own: of one that shows many credentials that do not count, no other is looked at.
    client = (f"192.0.2.{list(_RIGHTS).index((method, path)) + 1}", 40_000)
    return gateway.call(method, place, who, whole=True, client=client, **options).status_code


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
@pytest.mark.parametrize(("method", "path"), _RIGHTS, ids=lambda part: part)
def test_each_gets_what_is_theirs(gateway: Guarded, method: str, path: str, *, shared: bool) -> None:
    own, of_shared = _RIGHTS[method, path]
    expected = (of_shared or own) if shared else own
    ended = method == "GET" or path not in _RUNS_ON
    found = []
    for who in _WHO:
        found.append(_ask(gateway, method, path, who, _job(gateway, ended=ended, shared=shared)))
    assert tuple(found) == expected


@pytest.mark.parametrize(("method", "path"), _RIGHTS, ids=lambda part: part)
def test_a_mesh_for_accounts_alone_shows_nobody_else_anything(closed: Guarded, method: str, path: str) -> None:
    known = _job(closed, ended=True, shared=True)
    status = _ask(closed, method, path, None, known)
    assert status == (200 if path in _FOR_VISITORS else 403 if path in _ODA else 404 if path in _PAGE else 401)


@pytest.mark.parametrize(("method", "path"), [entry for entry in _RIGHTS if entry[1] not in {"/livez", "/readyz"}])
def test_a_credential_that_does_not_count_opens_nothing_at_all(gateway: Guarded, method: str, path: str) -> None:
    known = _job(gateway, ended=True, shared=True)
    assert _ask(gateway, method, path, "odm_0123", known) == (403 if path in _ODA else 401)


def test_a_disabled_account_gets_nowhere(gateway: Guarded) -> None:
    gateway.settle("ada", disabled=True)
    answer = gateway.call("GET", "/session", "ada")
    assert (answer.status_code, "disabled" in answer.json()["detail"]) == (401, True)
    gateway.settle("ada")
    assert gateway.call("GET", "/session", "ada").status_code == 200
