"""Who opens a permanent link, and whether they may: by an account, by nobody's right, or by a signature."""

from typing import Annotated

from fastapi import Depends, Query

from gateway.calling import Calling, Traced
from gateway.links.signature import Grant, is_over, is_signed, query_of
from gateway.parts import Given
from gateway.problem import Refusal
from mesh.contracts import Manifest
from mesh.intake.links import Opened


class Visit:
    """One opening of a link."""

    def __init__(
        self,
        *,
        parts: Given,
        caller: Calling,
        trace: Traced,
        by: Annotated[str, Query(max_length=64, description="who signed the link")] = "",
        until: Annotated[str, Query(max_length=10, description="its last day")] = "",
        sig: Annotated[str, Query(max_length=64, description="its signature")] = "",
    ) -> None:
        self.caller = caller
        self._parts = parts
        self._trace = trace
        self._grant = Grant(by, until) if by or sig else None
        self._signature = sig

    @property
    def query(self) -> str:
        """The query of the link where it is signed; else empty."""
        return query_of(self._grant, self._signature) if self._grant is not None else ""

    def open(self, digits: str, *, run: bool) -> Opened:
        """Return what the link leads to.

        Args:
            digits: first ones of the key of a request.
            run: whether it may be made again where its products are gone.

        Raises:
            Refusal: there is no account and no signature, or one that does not count.
            Further errors as `mesh.intake.links.Links.open`.
        """
        front, grant = self._parts.front, self._grant
        if grant is None and self.caller.anonymous and front is not None and not front.access().anonymous:
            detail = "This mesh is for callers with an account: send a token, or have the owner sign the link."
            raise Refusal("not-signed-in", detail, headers={"WWW-Authenticate": 'Bearer realm="odamesh"'})
        request_key = self._parts.permanent_links.request_key(digits)
        if grant is not None:
            self._check(request_key, grant)
        granted_by = grant.owner if grant is not None else ""
        links = self._parts.permanent_links
        return links.open(request_key, self.caller, granted_by=granted_by, run=run, trace=self._trace)

    def manifest(self, opened: Opened) -> Manifest | None:
        """Return the manifest of the first product, also of one that was removed; None: there is none."""
        if opened.job is None or not opened.job.products:
            return None
        key = opened.job.products[0].key
        found = self._parts.products.read(key)
        if found is not None:
            return found
        removed = self._parts.products.removed(key)
        return removed.manifest if removed is not None else None

    def _check(self, request_key: str, grant: Grant) -> None:
        """Return if the signature counts."""
        front = self._parts.front
        if front is None:
            raise Refusal("not-allowed", "This mesh signs no links: leave by, until and sig out.")
        if not is_signed(request_key, grant, self._signature, front.access().signing.keys):
            raise Refusal("not-allowed", "The signature of this link does not count (any more): ask for a new link.")
        if is_over(grant):
            raise Refusal("not-allowed", f"This link counted until {grant.until}: ask for a new one.")
        account = front.identify.known.accounts.get(grant.owner)
        if account is not None and account.disabled:
            raise Refusal("not-allowed", "The account that signed this link is disabled.")


Visiting = Annotated[Visit, Depends(Visit)]
"""An endpoint's parameter of this type holds who opens the link."""
