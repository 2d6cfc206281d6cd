"""The parts that the endpoints work with, made once per process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from gateway.admin.sources import Sources
from gateway.alerts.register import WebhookRegister
from gateway.archive import GatewayArchive
from gateway.auth.front import Front
from gateway.deliver import Deliver, Way
from gateway.known_requests import KnownRequests
from gateway.logs import LogPieces
from gateway.names.names import Names
from gateway.open_streams import OpenStreams
from gateway.polls import Polls
from gateway.records import FollowedRecords, MeshPublisher, ProductStore
from gateway.vo.tap.far_tables import FarTables
from gateway.vo.tap.jobs import QueryJobs, QueryRecords
from gateway.vo.tap.observations import Observations
from gateway.wakeups import Bell
from mesh.accounts.roles import Roles
from mesh.contracts import TrailEntry
from mesh.intake import Intake, Limits, Quota
from mesh.intake.alerts import AlertIntake
from mesh.intake.links import Links


def _nothing() -> None:
    return


@dataclass(frozen=True)
class Parts:
    """Everything outside this process that an endpoint needs."""

    records: FollowedRecords
    products: ProductStore
    publisher: MeshPublisher
    quota: Quota
    query_records: QueryRecords
    """Where the queries that are jobs are kept."""
    bell: Bell = field(default_factory=Bell)
    logs: LogPieces = field(default_factory=LogPieces)
    files: Way = "link"
    """How files come to callers."""
    link_seconds: int = 3600
    store: str | None = None
    """Address of the store that links to files lead to; None: files come through the gateway."""
    surveys: tuple[str, ...] = ()
    """Addresses of sky surveys (HiPS) that the page offers behind its images."""
    admin: Sources | None = None
    """What operators are shown; None: nothing."""
    alerts: AlertIntake | None = None
    """The way in of alerts; None: this gateway takes none."""
    webhooks: WebhookRegister | None = None
    """Addresses to which the mesh posts; None: this gateway has no register of them."""
    start: Callable[[asyncio.AbstractEventLoop], None] = lambda _loop: None
    stop: Callable[[], None] = _nothing
    limits: Limits = field(default_factory=Limits)
    hosts: frozenset[str] | None = None
    """Names under which the gateway answers; None: under every name."""
    prefix: str = ""
    """Path below which a proxy serves the gateway; empty: none."""
    front: Front | None = None
    """How callers are asked who they are; None: nobody is asked."""
    note: Callable[[TrailEntry], None] = lambda _entry: None
    """Keeps what callers do."""
    read_trail: Callable[[int, str | None, int], list[TrailEntry]] = lambda _days, _user, _limit: []
    """What callers did: so many days back, of one caller or of all, at most so many."""
    archive: GatewayArchive = field(default_factory=GatewayArchive)
    """When science windows were."""
    names: Names = field(default_factory=Names)
    """Where sources are."""
    far_tables: FarTables = field(default_factory=FarTables)
    """Tables of queries that have an address."""

    @cached_property
    def deliver(self) -> Deliver:
        """Brings files to callers."""
        return Deliver(self.products, self.files, self.link_seconds)

    @cached_property
    def observations(self) -> Observations:
        """What jobs made, as ObsCore describes it."""
        return Observations(self.intake, self.requests, self.archive)

    @cached_property
    def queries(self) -> QueryJobs:
        """The queries that are jobs."""
        return QueryJobs(self.query_records)

    @cached_property
    def requests(self) -> KnownRequests:
        """What was asked for, by its key."""
        return KnownRequests(self.intake)

    @cached_property
    def streams(self) -> OpenStreams:
        """The event streams that are open."""
        return OpenStreams(self.limits)

    @cached_property
    def intake(self) -> Intake:
        """The way into the mesh."""
        return Intake(
            records=self.records,
            products=self.products,
            publisher=self.publisher,
            quota=self.quota,
            limits=self.limits,
            roles=self.front.roles if self.front else Roles,
            note=self.note,
        )

    @cached_property
    def polls(self) -> Polls:
        """Tells where jobs stand."""
        return Polls(self.intake, self.records.views_of)

    @cached_property
    def permanent_links(self) -> Links:
        """Opens permanent links."""
        return Links(self.intake, self.records, self.products, self.front.roles if self.front else Roles)


# Where it is no coroutine, the framework calls it in a thread, for each request.
async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_parts)]
"""An endpoint's parameter of this type holds the parts."""
