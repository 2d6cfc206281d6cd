"""Makes the real parts from the settings: records and products in the store, publisher and wake-ups on the broker."""

from gateway.logs import LogPieces
from gateway.parts import Parts
from gateway.publisher import GatewayPublisher
from gateway.settings import GatewaySettings
from gateway.wakeups import Bell, Wakeups
from mesh.intake import Limits, Quota
from mesh.store.allowances import read_allowances
from mesh.store.connect import redis_client
from mesh.store.jobs import Jobs
from mesh.store.loads import Loads
from mesh.store.objects import Objects
from mesh.store.products import Products


def real_parts(settings: GatewaySettings) -> Parts:
    """Return the parts of this deployment; nothing is connected before the application starts.

    Raises:
        SettingsError: the credentials file is missing or incomplete.
    """
    connections = settings.mesh.connections(settings.account)
    objects = Objects(connections.store, settings.store_url)
    index = redis_client(connections.redis)
    bell, logs = Bell(), LogPieces()
    limits, loads = Limits(windows=settings.mesh.max_windows), Loads(index)
    wakeups = Wakeups(connections.broker, settings.instance, bell, logs)
    publisher = GatewayPublisher(connections.broker, settings.publish_seconds, lambda: wakeups.ready)

    def stop() -> None:
        wakeups.stop()
        publisher.stop()
        index.close()

    return Parts(
        records=Jobs(objects, index),
        products=Products(objects, index),
        publisher=publisher,
        quota=Quota(loads.of, lambda: read_allowances(objects), loads.admit, limits.users),
        limits=limits,
        hosts=settings.host_names,
        bell=bell,
        logs=logs,
        files=settings.files,
        link_seconds=settings.link_seconds,
        start=wakeups.start,
        stop=stop,
    )
