"""Permanent links: opens a request for whoever has its link, and has it made again where its products are gone.

A request is stored for ever, so a link to it never ends. What it gives is shown by a job of its own: as long as that
job's products are there, everybody sees the same ones; once they were removed, the next one who comes has them made
again.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from mesh.accounts.roles import Roles
from mesh.contracts import Analysis, JobView, Link
from mesh.errors import Deleted, NotFound
from mesh.intake.caller import ANONYMOUS, Caller, Scope, check_rules, owner_of
from mesh.intake.errors import NotAllowed
from mesh.intake.handing import Trace
from mesh.intake.intake import Intake
from mesh.intake.records import ProductManifests
from mesh.intake.wish import Wish
from mesh.parameters import shown
from mesh.states import JobState

LINK_DIGITS = 20
"""Of the key of a request in a link: 80 bits, that nobody finds by trying and no second request has."""
PUBLIC = f"{ANONYMOUS}@link"
"""Whose jobs those of links without a signature are: of nobody, so that all may look at them."""
FACE = "link"
_DIGITS = re.compile(rf"[0-9a-f]{{{LINK_DIGITS},64}}")
_PAGE = 1000
_ATTEMPTS = 20


class LinkRecords(Protocol):
    """What is stored of links; all methods raise `mesh.errors.StoreUnavailable` when the store does not answer."""

    def link(self, request_key: str, owner: str) -> Link | None:
        """Return where a link leads; None where nobody has opened it yet."""

    def put_link(self, link: Link) -> None:
        """Store where a link leads."""

    def requests(self, digits: str, limit: int = 2) -> list[str]:
        """Return the keys of the first requests whose key begins with *digits*."""


@dataclass(frozen=True)
class Opened:
    """What a link leads to.

    Args:
        analysis: what was asked for.
        caller: as whom the job may be looked at.
        job: shows what it gives; None: nobody has had it made through this link.
        removed: whether products of the job are not in the store any more.
    """

    analysis: Analysis
    caller: Caller
    job: JobView | None = None
    removed: bool = False


class Links:
    """Opens links; safe to share between threads.

    Args:
        intake: the way into the mesh.
        records: of links.
        products: by key.
        roles: what needs which role; asked for each link, as an operator may change it.
    """

    def __init__(
        self, intake: Intake, records: LinkRecords, products: ProductManifests, roles: Callable[[], Roles]
    ) -> None:
        self._intake = intake
        self._records = records
        self._products = products
        self._roles = roles

    def request_key(self, digits: str) -> str:
        """Return the key of the request whose key begins with some digits.

        Raises:
            NotFound: there is none, or more than one; says so.
        """
        digits = digits.strip().lower()
        if not _DIGITS.fullmatch(digits):
            msg = f"There is no link {shown(digits)}: it has from {LINK_DIGITS} to 64 hexadecimal digits."
            raise NotFound(msg)
        found = self._records.requests(digits)
        if not found:
            msg = f"There is no request {digits}: nobody ever asked for it."
            raise NotFound(msg)
        if len(found) > 1:
            msg = f"Several requests begin with {digits}: {' and '.join(found)}."
            raise NotFound(msg)
        return found[0]

    def open(
        self, request_key: str, caller: Caller, *, granted_by: str = "", run: bool = True, trace: Trace | None = None
    ) -> Opened:
        """Return what a link leads to; it is made again where its products are gone.

        Args:
            request_key: the whole key.
            caller: who opens it.
            granted_by: who signed the link; empty: it has no signature.
            run: whether it may be made again.
            trace: handed on with every message.

        Raises:
            NotFound: there is no such request, or whoever signed the link has taken it back.
            RoleMissing: the request needs a role that the caller lacks.
            WishRefused: it cannot be made again: the instrument has changed since, or what it was made of is gone.
            Further errors as `Intake.submit`.
        """
        analysis = self._intake.request(request_key)
        owner = self._acting(analysis, caller, granted_by)
        link = self._records.link(request_key, owner.name)
        job = self._job(link, owner)
        removed = job is not None and self._lacks_products(job)
        if (job is None or removed) and run and Scope.WRITE in caller.scopes:
            job = self._made(analysis, owner, link, caller, trace)
            self._records.put_link(
                (link or Link(request_key=request_key, owner=owner.name, job_id="")).model_copy(
                    update={"job_id": job.job_id}
                )
            )
            removed = False
        return Opened(analysis, owner, job, removed)

    def sign(self, job_id: str, caller: Caller, *, trace: Trace | None = None) -> Link:
        """Let whoever has a signed link see what a job asked for and what it gave.

        Raises:
            NotAllowed: the job is somebody else's, or nobody's: that needs no signature.
            RoleMissing: the caller lacks a role that the request needs by now.
        """
        view = self._to_change(job_id, caller, trace, "sign-link")
        owner = owner_of(view)
        roles = caller.roles if caller.name == owner else frozenset[str]()
        if caller.name == owner:
            check_rules(caller, self._intake.request(view.request_key), self._roles())
        link = Link(request_key=view.request_key, owner=owner, job_id=job_id, roles=tuple(sorted(roles)), signed=True)
        self._records.put_link(link)
        return link

    def take_back(self, job_id: str, caller: Caller, *, trace: Trace | None = None) -> None:
        """Let no signed link of this owner lead to the request of a job any more.

        Raises:
            NotAllowed: the job is somebody else's.
        """
        view = self._to_change(job_id, caller, trace, "revoke-link")
        link = self._records.link(view.request_key, owner_of(view))
        if link is not None:
            self._records.put_link(link.model_copy(update={"signed": False}))

    def _to_change(self, job_id: str, caller: Caller, trace: Trace | None, deed: str) -> JobView:
        view = self._intake.look_to_change(job_id, caller, deed, trace=trace)
        if caller.anonymous or owner_of(view).partition("@")[0] == ANONYMOUS:
            raise NotAllowed("Only what belongs to an account needs a signed link: the permanent link opens this.")
        return view

    def _acting(self, analysis: Analysis, caller: Caller, granted_by: str) -> Caller:
        """Return as whom a request is opened; the audit trail tells who really does."""
        seen = {"actor": caller.name, "address": caller.address}
        if granted_by:
            link = self._records.link(analysis.key, granted_by)
            if link is None or not link.signed:
                msg = f"{granted_by} has taken this link back."
                raise NotFound(msg)
            return Caller.with_roles(granted_by, frozenset(link.roles)).model_copy(update=seen)
        if self._roles().lacking(analysis, frozenset()) is None:
            return Caller(name=PUBLIC).model_copy(update=seen)
        check_rules(caller, analysis, self._roles())
        return caller

    def _job(self, link: Link | None, owner: Caller) -> JobView | None:
        """Return the job of a link; None where there is none any more, or it was cancelled."""
        if link is None or not link.job_id:
            return None
        try:
            view = self._intake.look(link.job_id, owner)
        except NotFound:
            return None
        return None if view.state is JobState.ABORTED else view

    def _made(
        self, analysis: Analysis, owner: Caller, link: Link | None, caller: Caller, trace: Trace | None
    ) -> JobView:
        """Have a request made; of several who come at once, all get one job."""
        wish = Wish(
            instrument=analysis.instrument,
            product=analysis.product,
            selection=analysis.selection,
            parameters=analysis.parameters,
        )
        before = link.job_id if link else ""
        for attempt in range(_ATTEMPTS):
            key = f"{FACE}:{analysis.key}:{before}:{attempt}"
            try:
                view = self._intake.submit(wish, owner, key=key, trace=trace, face=FACE, counted=caller.name)
            except Deleted:
                continue
            if view.state is not JobState.ABORTED:
                return view
        msg = "This request was made again and deleted too often; ask for it as a request of your own."
        raise NotFound(msg)

    def _lacks_products(self, view: JobView) -> bool:
        if view.state is not JobState.COMPLETED:
            return False
        keys = self._keys(view)
        return any(self._products.missing(page) for page in keys)

    def _keys(self, view: JobView) -> Iterator[list[str]]:
        offset = 0
        while page := self._intake.result(view, offset, _PAGE):
            yield [product.key for product in page]
            offset += len(page)
