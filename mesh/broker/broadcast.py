"""Broadcasts: a queue of one process, gone with it, for what every process of a service must hear."""

from collections.abc import Callable
from typing import Any

from mesh.broker.consumer import Consume, Handler, Retry
from mesh.broker.link import Link
from mesh.broker.session import session
from mesh.broker.topology import CONTROL, control_queue

_PREFETCH = 50


class Listen(Consume):
    """Calls a method with each broadcast on ``mesh.control``; what comes while the process is not connected is missed.

    Args:
        routing_keys: patterns to hear, e.g. ``cancel.isgri``.
    """

    def __init__(self, *routing_keys: str, **options: Any) -> None:
        super().__init__("control", _PREFETCH, retry=Retry.NEVER, **options)
        self._routing_keys = routing_keys

    def _open(self) -> Link:
        own = session()
        link = Link(own.settings, f"{own.account} control", control_queue(own.account, own.instance))
        try:
            link.channel.queue_declare(link.queue, durable=False, exclusive=True, auto_delete=True)
            for key in self._routing_keys:
                link.channel.queue_bind(link.queue, CONTROL, key)
        except BaseException:
            link.discard()
            raise
        return link


def listen(*routing_keys: str) -> Callable[[Handler], Handler]:
    """Make a method the handler of broadcasts; see `Listen`."""
    decorate: Callable[[Handler], Handler] = Listen.decorator(*routing_keys)
    return decorate
