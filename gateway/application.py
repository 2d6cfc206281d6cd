"""Puts the application together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.routing import BaseRoute

from gateway import api_page, health, problem, welcome
from gateway.access import AccessLog
from gateway.admin import endpoints as admin
from gateway.alerts import feeds, posting, reading, webhooks
from gateway.api import (
    accounts,
    archive,
    events,
    instruments,
    jobs,
    logs,
    names,
    products,
    requests,
    session,
    tokens,
    trail,
    uploads,
    users,
)
from gateway.api.documents import PREFIX
from gateway.auth.cross_site import CrossSiteCheck
from gateway.auth.door import Door, OpenDoor
from gateway.downloads import endpoints as downloads
from gateway.edge import BodyLimit, HostCheck, PathPrefix, SingleSlashes
from gateway.links import endpoints as links
from gateway.oda import endpoints as oda
from gateway.oda.words import OdaWords
from gateway.parts import Parts
from gateway.transients import endpoints as transients
from gateway.unexpected import AnswerUnexpected
from gateway.uws import description, endpoints, sync
from gateway.vo import datalink, moc, sia2
from gateway.vo.tap import endpoints as tap
from gateway.vo.words import VoWords
from gateway.web import page as web
from gateway.web.policy import content_security_policy

_DESCRIPTION = """\
Ask for an analysis, follow it window by window, take its products.

Every error is a problem document (RFC 9457) that names the field and what it may hold.
"""

_TOKEN = HTTPBearer(auto_error=False, description="An API token of this mesh, or a token of one of its issuers.")


def create_app(parts: Parts) -> FastAPI:
    """Return the application that works with *parts*; they start and stop with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts.start(asyncio.get_running_loop())
        yield
        await asyncio.to_thread(parts.queries.stop)
        await asyncio.to_thread(parts.stop)

    app = FastAPI(
        title="odamesh",
        description=_DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        routes=_routes(),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        # Its own spans hold the arguments of addresses, where some clients put their token: see gateway/access.py.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.parts = parts
    problem.install(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, limit=parts.limits.body_bytes)
    if parts.front is None:
        app.add_middleware(OpenDoor)
    else:
        app.add_middleware(Door, identify=parts.front.identify, pace=parts.front.pace, note=parts.note)
    app.add_middleware(CrossSiteCheck, hosts=parts.hosts, working=oda.WORKING)
    app.add_middleware(HostCheck, hosts=parts.hosts)
    app.add_middleware(AnswerUnexpected)
    app.add_middleware(VoWords)
    app.add_middleware(OdaWords, paths=oda.addresses())
    app.add_middleware(AccessLog)
    app.add_middleware(SingleSlashes)
    if parts.prefix:
        app.add_middleware(PathPrefix, prefix=parts.prefix)
    api_page.install(app)
    page = web.Page(content_security_policy(parts.store, parts.surveys), app.version)
    web.install(app, page)
    welcome.install(app, page)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Return what is the same in every application of a process: to make it is most of what one costs."""
    routes = APIRouter()
    for router in (
        jobs.router,
        events.router,
        downloads.router,
        products.router,
        logs.router,
        instruments.router,
        archive.router,
        names.router,
        requests.router,
        uploads.router,
        users.router,
        session.router,
        tokens.router,
        accounts.router,
        trail.router,
        admin.router,
        posting.router,
        reading.router,
        transients.router,
        webhooks.router,
        feeds.router,
        links.own_router,
    ):
        # Says in the description of the interface how to show a token; the door has looked at it before.
        routes.include_router(router, dependencies=[Security(_TOKEN)])
    routes.include_router(links.router)
    routes.include_router(oda.router)
    for router in (
        tap.router,
        sia2.router,
        datalink.router,
        moc.router,
        description.router,
        sync.router,
        endpoints.router,
    ):
        routes.include_router(router)
    routes.include_router(health.router)
    return routes.routes


def _version() -> str:
    try:
        return version("odamesh")
    except PackageNotFoundError:
        return "0"
