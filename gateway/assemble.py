"""Makes the real parts from the settings: records and products in the store, publisher and wake-ups on the broker."""

import asyncio
import secrets

from gateway.admin.sources import real_sources
from gateway.alerts.register import WebhookRegister
from gateway.archive import GatewayArchive
from gateway.auth.access_file import AccessFile
from gateway.auth.front import Front
from gateway.auth.upkeep import Upkeep
from gateway.logs import LogPieces
from gateway.names.names import Names
from gateway.names.sesame import Sesame
from gateway.parts import Parts
from gateway.publisher import GatewayPublisher
from gateway.settings import GatewaySettings
from gateway.wakeups import Bell, Wakeups
from mesh.accounts.accounts import Accounts
from mesh.accounts.trail import TrailWriter, read_trail
from mesh.contracts import TrailEntry
from mesh.intake import Limits, Quota
from mesh.intake.alerts import AlertIntake
from mesh.store.alert_index import AlertIndex
from mesh.store.alerts import Alerts
from mesh.store.allowances import read_allowances
from mesh.store.connect import redis_client
from mesh.store.jobs import Jobs
from mesh.store.loads import Loads
from mesh.store.objects import Objects
from mesh.store.products import Products
from mesh.store.queries import Queries
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks
from mesh.webhook_networks import WebhookNetworks


def real_parts(settings: GatewaySettings) -> Parts:
    """Return the parts of this deployment; nothing is connected before the application starts.

    Raises:
        SettingsError: the credentials file is missing or incomplete, or the access file where callers are asked.
    """
    asks_callers = settings.asks_callers
    connections = settings.mesh.connections(settings.account)
    objects = Objects(connections.store, settings.store_url)
    index = redis_client(connections.redis)
    bell, logs = Bell(), LogPieces()
    limits, loads = Limits(windows=settings.mesh.max_windows), Loads(index)
    archive = GatewayArchive(settings.mesh.archive_location)
    wakeups = Wakeups(connections.broker, settings.instance, bell, logs)
    publisher = GatewayPublisher(connections.broker, settings.publish_seconds, lambda: wakeups.ready)

    front = Front(AccessFile(settings.access_file).now, Accounts(objects)) if asks_callers else None
    # The name of this process may be that of the one before it, whose pages must stay.
    trail = TrailWriter(objects, f"{settings.instance}-{secrets.token_hex(4)}")
    upkeep = Upkeep([trail.flush, *([front.identify.flush_uses] if front else [])])

    def written_trail(days: int, user: str | None, limit: int) -> list[TrailEntry]:
        trail.flush()
        return read_trail(objects, days=days, user=user, limit=limit)

    def start(loop: asyncio.AbstractEventLoop) -> None:
        wakeups.start(loop)
        upkeep.start()

    def stop() -> None:
        wakeups.stop()
        upkeep.stop()
        publisher.stop()
        index.close()

    return Parts(
        records=Jobs(objects, index),
        products=Products(objects, index),
        publisher=publisher,
        query_records=Queries(index),
        quota=Quota(
            loads.of,
            lambda: read_allowances(objects),
            loads.admit,
            limits.users,
            front.pace.submission if front else lambda _: None,
        ),
        limits=limits,
        hosts=settings.host_names,
        bell=bell,
        logs=logs,
        files=settings.files,
        link_seconds=settings.link_seconds,
        store=(settings.store_url or connections.store.address) if settings.files == "link" else None,
        surveys=settings.sky_surveys,
        prefix=settings.prefix,
        front=front,
        admin=real_sources(connections, settings.mesh.watchers(), settings.dashboards.rstrip("/")),
        alerts=AlertIntake(Alerts(objects), publisher, AlertIndex(index)),
        webhooks=WebhookRegister(Webhooks(objects), WebhookIndex(index), WebhookNetworks().allowed),
        note=trail.note,
        read_trail=written_trail,
        archive=archive,
        names=Names(archive.catalogue, Sesame(settings.sesame)),
        start=start,
        stop=stop,
    )
