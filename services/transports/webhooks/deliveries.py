"""Keeps a message for each endpoint that wants it, posts it until it is taken, and disables who never answers.

What waits is in the store, when to post it in the index, which is made anew from the store. Each step can be repeated:
a message that is posted twice has the same ``webhook-id`` both times.
"""

import fnmatch
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice

import structlog

from mesh.alerts.signing import signed_headers
from mesh.broker.delivery import Delivery
from mesh.clock import instant_at
from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint
from mesh.errors import ContractViolation, MeshError, NotFound
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks
from services.transports import metrics
from services.transports.webhooks.body import body_of
from services.transports.webhooks.endpoints import Endpoints
from services.transports.webhooks.post import Answer

_log = structlog.get_logger(__name__)

PAUSES = (1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0, 86400.0)
"""Seconds from one try to the next, the first of which is made at once: denser at first than the specification's, since
an alert is of use in its first minutes."""
_JITTER = 0.2
_BATCH = 8
_CHUNK = 500
_TEST = ".test"

_OUTCOMES = (_TAKEN, _REFUSED, _NO_ANSWER) = ("taken", "refused", "no-answer")

Post = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Posts a body with headers to an address."""


class Deliveries:
    """Messages on their way to endpoints.

    Args:
        webhooks: the documents.
        index: when to post what.
        post: posts one.
        url: of the gateway, for links.
        clock: seconds since 1970.
        beside: does something while the caller goes on.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        index: WebhookIndex,
        post: Post,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        beside: Callable[[Callable[[], None]], None] = lambda work: threading.Thread(target=work, daemon=True).start(),
    ) -> None:
        self._webhooks = webhooks
        self._index = index
        self._post = post
        self._url = url
        self._clock = clock
        self._beside = beside
        self._busy: set[str] = set()
        self._endpoints = Endpoints(webhooks, index, clock, self._drop)

    def take_on(self, message: Delivery) -> None:
        """Keep a message of a topic for each endpoint that wants it; again, it changes nothing.

        Raises:
            StoreUnavailable: come again; nothing is lost.
        """
        topic, now = message.routing_key, self._clock()
        # As they are now: whoever registered a moment ago gets it as well.
        wanting = [one for one in self._endpoints.now() if wants(one, topic)]
        if not wanting:
            return
        try:
            event_key, version = str(message.headers["x-event"]), int(message.headers["x-record"])
        except (KeyError, ValueError):
            raise ContractViolation("a message of a topic lacks the headers x-event and x-record") from None
        body = body_of(topic, message.body, self._url, event_key, version)
        for endpoint in wanting:
            delivery = WebhookDelivery(
                delivery_id=message.message_id,
                endpoint=endpoint.name,
                topic=topic,
                event_key=event_key,
                made=instant_at(now),
                body=body,
                next_try=instant_at(now),
            )
            self._webhooks.enqueue(delivery)
            if self._webhooks.waiting(endpoint.name, message.message_id) is not None:
                self._index.enter(endpoint.name, {message.message_id: now})

    def look(self) -> None:
        """Post what is due; each endpoint on its own, so that a slow one holds up no other."""
        for endpoint in self._endpoints.lately():
            for outcome in _OUTCOMES:
                # Told from the start: of a figure that begins with one, Prometheus does not know that it was none.
                metrics.POSTED.labels(endpoint.name, outcome)
            metrics.DISABLED.labels(endpoint.name).set(0 if endpoint.live else 1)
            metrics.WAITING.labels(endpoint.name).set(self._index.waiting(endpoint.name))
            if endpoint.live and endpoint.name not in self._busy:
                due = self._index.due(endpoint.name, self._clock(), _BATCH)
                if due:
                    self._busy.add(endpoint.name)
                    self._beside(lambda endpoint=endpoint, due=due: self._post_all(endpoint, due))  # type: ignore[misc]

    def complete_index(self) -> None:
        """Enter what waits again if Redis has lost it."""
        if not self._index.complete():
            self.sweep()
            self._index.mark_complete()

    def sweep(self, keep_seconds: float = 30 * 86400.0) -> None:
        """Enter what waits and is in no index, and forget what is over for long."""
        self._webhooks.forget_removed()
        self._webhooks.expire(lambda seconds: seconds < self._clock() - keep_seconds)
        for endpoint in self._webhooks.endpoints():
            waiting = self._webhooks.all_waiting(endpoint.name) if endpoint.live else iter(())
            while chunk := list(islice(waiting, _CHUNK)):
                self._enter(endpoint.name, self._index.missing(endpoint.name, chunk))

    def _enter(self, endpoint: str, delivery_ids: list[str]) -> None:
        found = [self._webhooks.waiting(endpoint, one) for one in delivery_ids]
        self._index.enter(endpoint, {one.delivery_id: _seconds(one.next_try) for one in found if one is not None})

    def _post_all(self, endpoint: WebhookEndpoint, due: list[str]) -> None:
        try:
            for delivery_id in due:
                if not self._try(endpoint, delivery_id):
                    # Out of reach: the others are put off, so that it costs one connection a minute.
                    return
        except MeshError as error:
            _log.warning("webhooks not posted", endpoint=endpoint.name, error=str(error))
        finally:
            self._busy.discard(endpoint.name)

    def _try(self, endpoint: WebhookEndpoint, delivery_id: str) -> bool:
        """Try to post a message once; false where the endpoint is out of reach."""
        delivery = self._webhooks.waiting(endpoint.name, delivery_id)
        if delivery is None:
            self._index.ended(endpoint.name, delivery_id)
            return True
        if delivery.made < endpoint.added:
            self._end(delivery, "An endpoint of this name was removed before.", delivered=False)
            return True
        now, body = self._clock(), delivery.body.encode()
        keys = [one.secret for one in endpoint.secrets if one.until is None or one.until > instant_at(now)]
        answer = self._post(endpoint.url, body, signed_headers(f"msg_{delivery_id}", int(now), body, keys))
        outcome = _TAKEN if answer.taken else _REFUSED if answer.status is not None else _NO_ANSWER
        metrics.POSTED.labels(endpoint.name, outcome).inc()
        tried = delivery.model_copy(update={"tries": delivery.tries + 1, "status": answer.status, "text": answer.text})
        if answer.taken:
            self._end(tried, answer.text, delivered=True)
            self._index.succeeded(endpoint.name, self._clock())
        elif answer.gone:
            self._disable(endpoint, tried, "It answered 410: it wants nothing more.")
        else:
            self._try_later(endpoint, tried, answer)
        return answer.status is not None

    def _try_later(self, endpoint: WebhookEndpoint, tried: WebhookDelivery, answer: Answer) -> None:
        now = self._clock()
        say = _log.warning if tried.tries > 1 else _log.info
        say("webhook not taken", endpoint=endpoint.name, tries=tried.tries, status=answer.status, text=answer.text)
        if tried.tries > len(PAUSES):
            success = self._index.last_success(endpoint.name)
            if success is not None and success > _seconds(tried.made):
                # It takes others: what is wrong is this message.
                self._end(tried, f"Given up after {tried.tries} tries. {answer.text}", delivered=False)
                return
            self._disable(endpoint, tried, f"A message was tried {tried.tries} times, the last one: {answer.text}")
            return
        pause = PAUSES[tried.tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
        pause = max(pause, min(answer.retry_after or 0.0, PAUSES[-1]))
        self._webhooks.keep_waiting(tried.model_copy(update={"next_try": instant_at(now + pause)}))
        self._index.post_at(endpoint.name, tried.delivery_id, now + pause)

    def _disable(self, endpoint: WebhookEndpoint, tried: WebhookDelivery, why: str) -> None:
        """Post nothing more to an endpoint until an operator enables it; what waits stays, and begins anew then."""
        now = instant_at(self._clock())

        def change(known: WebhookEndpoint) -> WebhookEndpoint:
            # Who registered another address meanwhile, or enabled it, knows of the trouble.
            same = known.url == endpoint.url and known.live
            return known.model_copy(update={"disabled": now, "why_disabled": why}) if same else known

        try:
            self._webhooks.change(endpoint.name, change)
        except NotFound:
            return  # it was removed
        self._webhooks.keep_waiting(tried.model_copy(update={"tries": 0, "next_try": now}))
        self._endpoints.forget()
        metrics.DISABLED.labels(endpoint.name).set(1)
        _log.error("webhook endpoint disabled", endpoint=endpoint.name, url=endpoint.url, why=why)

    def _end(self, delivery: WebhookDelivery, text: str, *, delivered: bool) -> None:
        ended = {"ended": instant_at(self._clock()), "text": text, "delivered": delivered}
        self._webhooks.end(delivery.model_copy(update=ended))
        self._index.ended(delivery.endpoint, delivery.delivery_id)

    def _drop(self, name: str) -> None:
        """Tell nothing more of an endpoint that was removed."""
        for gauge in (metrics.DISABLED, metrics.WAITING):
            with suppress(KeyError):
                gauge.remove(name)
        for outcome in _OUTCOMES:
            with suppress(KeyError):
                metrics.POSTED.remove(name, outcome)
        self._index.drop([name])


def wants(endpoint: WebhookEndpoint, topic: str) -> bool:
    """Say whether an endpoint gets the messages of a topic."""
    if topic.endswith(_TEST) and not endpoint.tests:
        return False
    name = topic.removesuffix(_TEST)
    return not endpoint.topics or any(fnmatch.fnmatchcase(name, one) for one in endpoint.topics)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
