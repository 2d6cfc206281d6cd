"""A gateway that asks callers who they are, on doubles: with an operator, two users and a caller without account."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import jwt
from fastapi import FastAPI

from gateway.alerts.register import WebhookRegister
from gateway.application import create_app
from gateway.auth.access_file import Access, SharedSecret, Signing
from gateway.auth.front import Front
from gateway.parts import Parts
from mesh.accounts.accounts import Accounts
from mesh.accounts.api_tokens import new_token
from mesh.alarms import Alarm
from mesh.clock import utc_now
from mesh.contracts import Account, TrailEntry
from mesh.intake import Scope
from mesh.intake.alerts import AlertIntake
from mesh.store.alerts import Alerts
from mesh.store.webhooks import Webhooks
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.gateway.admin_doubles import MemoryPost, sources
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import (
    MemoryAlertIndex,
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    log_nothing,
)
from tests.unit.webhook_doubles import MemoryWebhookIndex

SECRET = "a-secret-that-the-front-end-of-mmoda-shares"  # noqa: S105
SIGNING = Signing(keys=("k" * 40, "old" * 20), salt="s" * 40)
MMODA = SharedSecret(kind="shared-secret", keys=("n" * 40, SECRET), domains=("unige.ch",))


@dataclass
class Guarded:
    """The application, its doubles, and callers."""

    access: Access = field(default_factory=lambda: Access(signing=SIGNING, issuers={"mmoda": MMODA}))
    parts: dict[str, Any] = field(default_factory=dict)
    base: str = "http://gateway.test"
    alarms: Callable[[], Sequence[Alarm]] = list

    def __post_init__(self) -> None:
        log_nothing()
        self.objects = MemoryObjects()
        self.accounts = Accounts(self.objects)
        self.records, self.products, self.quota = MemoryRecords(), MemoryProducts(), MemoryQuota()
        self.publisher = RecordingPublisher(self.records)
        self.queries = MemoryQueries()
        self.alert_index = MemoryAlertIndex()
        self.post = MemoryPost()
        self.alert_intake = AlertIntake(Alerts(self.objects), self.publisher, self.alert_index)  # type: ignore[arg-type]
        self.webhooks = WebhookRegister(Webhooks(self.objects), MemoryWebhookIndex())
        self.noted: list[TrailEntry] = []
        self.front = Front(lambda: self.access, self.accounts)
        self.quota.quota.pace = self.front.pace.submission
        self.tokens = {"eve": self.token("eve", *Scope), "ada": self.token("ada", *Scope), "bob": self.token("bob")}
        self.settle("eve", "operator")
        self.app: FastAPI = create_app(
            Parts(
                records=self.records,
                products=self.products,
                publisher=self.publisher,
                admin=replace(sources(self.post), alarms=self.alarms),
                alerts=self.alert_intake,
                webhooks=self.webhooks,
                quota=self.quota.quota,
                query_records=self.queries,
                front=self.front,
                note=self.noted.append,
                read_trail=lambda _days, user, limit: [
                    one for one in reversed(self.noted) if user in {None, one.caller}
                ][:limit],
                **self.parts,
            )
        )

    def token(self, user: str, *scopes: Scope, days: float | None = None) -> str:
        """Make a token and return its text."""
        made = new_token(user, scopes or (Scope.READ, Scope.WRITE), days=days)
        self.accounts.put_token(made.document)
        return made.text

    def settle(self, name: str, *roles: str, disabled: bool = False) -> None:
        """Settle something about an account."""
        account = Account(name=name, roles=roles, disabled=disabled, created=utc_now())
        self.accounts.change(name, lambda _: account)
        self.front.identify.known.accounts.put(name, account)

    def call(self, method: str, path: str, who: str | None = None, **options: Any) -> httpx.Response:
        """Send a request below ``/api/v1`` as one of the callers, or with a token; None: without."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens.get(who, who)}"
        client = options.pop("client", ("192.0.2.1", 40_000))
        whole = path if options.pop("whole", False) else f"/api/v1{path}"
        return asyncio.run(self._send(method, whole, client, headers, options))

    def submit(self, who: str | None = "ada", **fields: object) -> str:
        """Submit a good request and return the job's id."""
        response = self.call("POST", "/jobs", who, json={**BODY, **fields})
        assert response.status_code == 201, response.text
        return str(response.json()["job_id"])

    async def _send(
        self, method: str, path: str, client: tuple[str, int], headers: dict[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=client)
        async with httpx.AsyncClient(transport=transport, base_url=self.base) as sender:
            return await sender.request(method, path, headers=headers, **options)


def web_token(key: str = SECRET, **claims: Any) -> str:
    """Return a token as MMODA's front end signs it."""
    told = {"sub": "ada@unige.ch", "roles": "alerts, unknown", "exp": int(time.time()) + 600, **claims}
    return jwt.encode({name: value for name, value in told.items() if value is not None}, key, algorithm="HS256")
