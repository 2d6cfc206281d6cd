"""A gateway that asks callers who they are, with things that are private and can be had again as they were."""

from typing import Any

from gateway.auth.access_file import Access, Rates
from mesh.states import UnitState
from tests.unit.gateway.doubles import key_of, manifest, stage_product, unit_row
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded

CANARY = "canary-of-ada-b1d5"
"""Stands in everything that only ada and operators may see."""
STRANGERS = frozenset({None, "bob"})
"""Who may neither see nor change what is hers."""
_LABEL = "201600270010.001"
_KEY = key_of("image", _LABEL)
_ENDLESS = Rates(
    anonymous_a_minute=0, signed_in_a_minute=0, anonymous_submissions_an_hour=0, signed_in_submissions_an_hour=0
)


class Ground:
    """The gateway, and what callers may know of it."""

    def __init__(self) -> None:
        self.gateway = Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, rates=_ENDLESS))
        ended = self._ended("ada", labels=[CANARY])
        pending = self.gateway.submit("ada", labels=[CANARY])
        draft = self.gateway.submit("ada", labels=[CANARY], draft=True)
        others = self._ended("bob"), self.gateway.submit("bob")
        self.gateway.products.logs[_KEY] = CANARY.encode()
        self._private = (ended, pending, draft)
        token_ids = [token.split("_")[1] for token in self.gateway.tokens.values()]
        self.known: dict[str, list[str]] = {
            "job_id": [*self._private, *others],
            "request_key": [self.gateway.records.views[ended].request_key],
            "stage": ["image", "mosaic"],
            "label": [_LABEL, "job"],
            "name": ["isgri", "image.fits", "mosaic.fits", "not-found", "ada"],
            "user": ["ada", "bob", "eve"],
            "token_id": token_ids,
        }
        """Name of a parameter -> values that lead somewhere; the keys of ada's products are not among them."""
        self.secrets = (*SIGNING.keys, SIGNING.salt, *MMODA.keys, *self.gateway.tokens.values())
        """What no answer may hold."""
        self._before = self._things()
        accounts = self.gateway.accounts
        self._accounts = {name: accounts.account(name) for name in self.known["user"]}
        self._tokens = {token_id: accounts.token(token_id) for token_id in token_ids}
        self.restore()

    def changed(self) -> list[str]:
        """Return what is private and is not as it was, or is to be ended."""
        now = self._things()
        found = [name for name, thing in self._before.items() if now.get(name) != thing]
        asked = ((key, getattr(document, "job_id", "")) for key, document, _, _ in self.gateway.publisher.sent)
        return found + [f"{key} of {job_id}" for key, job_id in asked if job_id in self._private]

    def restore(self) -> None:
        """Have everything as it was; jobs that were added stay."""
        gateway = self.gateway
        for job_id in self._private:
            gateway.records.jobs[job_id] = self._before[f"job {job_id}"]
            gateway.records.views[job_id] = self._before[f"view {job_id}"]
        gateway.objects.content.clear()
        gateway.objects.content |= {name: thing for name, thing in self._before.items() if isinstance(thing, bytes)}
        gateway.publisher.sent.clear()
        gateway.publisher.stored_then.clear()
        gateway.publisher.broadcasts.clear()
        gateway.noted.clear()
        known = gateway.front.identify.known
        for name, account in self._accounts.items():
            known.accounts.put(name, account)
        for token_id, token in self._tokens.items():
            known.tokens.put(token_id, token)

    def _ended(self, who: str, **fields: Any) -> str:
        """Have a job of somebody that has ended with products."""
        records = self.gateway.records
        job_id = self.gateway.submit(who, **fields)
        records.plan(job_id, [_LABEL])
        records.finish(job_id, products=(stage_product("mosaic", "job", {"mosaic.fits": "00"}),), products_total=1)
        records.tables[job_id]["image", _LABEL] = unit_row("image", _LABEL, UnitState.DONE)
        self.gateway.products.manifests[_KEY] = manifest(_KEY, {"image.fits": "00"})
        return job_id

    def _things(self) -> dict[str, Any]:
        """Return what is private: ada's jobs, and the documents of accounts and tokens."""
        records = self.gateway.records
        things: dict[str, Any] = dict(self.gateway.objects.content)
        things |= {f"job {job_id}": records.jobs.get(job_id) for job_id in self._private}
        return things | {f"view {job_id}": records.views.get(job_id) for job_id in self._private}
