"""The register of webhooks: what operators do about the addresses to which the mesh posts."""

import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress

from mesh.alerts.signing import new_secret
from mesh.clock import instant_at, utc_now
from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint, WebhookSecret
from mesh.errors import InvalidRequest, NotFound, StoreUnavailable
from mesh.parameters import shown
from mesh.public_address import Network, NotPublic, check_url
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOPIC = re.compile(r"[a-z0-9_*.]{1,80}")
_MOST_ENDPOINTS = 100
_TEST_BODY = '{"type":"webhook.test","timestamp":"%s","data":{"text":"A test of this address; nothing has happened."}}'


class WebhookRegister:
    """Registers, changes and tries endpoints.

    Args:
        webhooks: the documents.
        index: when to post what.
        allowed: private networks to which may be posted.
    """

    def __init__(self, webhooks: Webhooks, index: WebhookIndex, allowed: Sequence[Network] = ()) -> None:
        self.webhooks = webhooks
        self.index = index
        self._allowed = allowed

    def add(self, name: str, url: str, topics: tuple[str, ...], *, tests: bool, caller: str) -> WebhookEndpoint:
        """Register an endpoint with a new secret.

        Raises:
            InvalidRequest: name, address or topics are none, or the name is taken; names the field.
        """
        if not _NAME.fullmatch(name):
            msg = f"{shown(name)} is no name of an endpoint: lower case letters, digits and -, at most 32."
            raise InvalidRequest(msg, field="name")
        for topic in topics:
            if not _TOPIC.fullmatch(topic) or topic.endswith(".test"):
                msg = f"{shown(topic)} is no topic: write e.g. transient.record or integral.*; `tests` adds tests."
                raise InvalidRequest(msg, field="topics")
        try:
            check_url(url, self._allowed)
        except NotPublic as error:
            raise InvalidRequest(str(error), field="url") from error
        if len(self.webhooks.endpoints()) >= _MOST_ENDPOINTS:
            raise InvalidRequest(f"There are {_MOST_ENDPOINTS} endpoints already: remove one.", field="name")
        made = WebhookEndpoint(
            name=name,
            url=url,
            topics=topics,
            tests=tests,
            secrets=(WebhookSecret(secret=new_secret()),),
            added=utc_now(),
            added_by=caller,
        )
        if not self.webhooks.add(made):
            msg = f"There is an endpoint {name}: choose another name, or remove it first."
            raise InvalidRequest(msg, field="name")
        self._tell()
        return made

    def remove(self, name: str) -> None:
        """Post nothing more to an endpoint, and forget its secrets and what waits for it; NotFound where it is not."""
        self._change(name, {"removed": utc_now(), "secrets": ()})

    def rotate(self, name: str, seconds: float, now: float) -> WebhookEndpoint:
        """Give an endpoint a new secret; those before sign as well for some time.

        Args:
            name: of the endpoint.
            seconds: how long.
            now: seconds since 1970.
        """
        until = instant_at(now + seconds)

        def turn(endpoint: WebhookEndpoint) -> WebhookEndpoint:
            left = [one for one in endpoint.secrets if one.until is None or one.until > instant_at(now)]
            ending = [one.model_copy(update={"until": min(one.until or until, until)}) for one in left]
            secrets = (WebhookSecret(secret=new_secret()), *ending)
            return endpoint.model_copy(update={"secrets": secrets})

        return self._changed(name, turn)

    def enable(self, name: str) -> WebhookEndpoint:
        """Post to an endpoint again; what waited goes first."""
        return self._change(name, {"disabled": "", "why_disabled": ""})

    def try_out(self, name: str) -> WebhookDelivery:
        """Have a message posted that says nothing; returns it as it waits.

        Raises:
            InvalidRequest: the endpoint is disabled.
        """
        endpoint = self._known(name)
        if endpoint.disabled:
            raise InvalidRequest(f"{name} is disabled ({endpoint.why_disabled}): enable it first.", field="name")
        now = utc_now()
        delivery = WebhookDelivery(
            delivery_id=uuid.uuid4().hex,
            endpoint=name,
            topic="webhook.test",
            made=now,
            body=_TEST_BODY % now,
            next_try=now,
        )
        self.webhooks.enqueue(delivery)
        self.index.post_at(name, delivery.delivery_id, 0.0)
        return delivery

    def delivery(self, name: str, delivery_id: str) -> WebhookDelivery:
        """Return a message and what its last try came to; NotFound where there is none."""
        self._known(name)
        try:
            return self.webhooks.delivery(name, delivery_id)
        except NotFound:
            raise NotFound(f"There is no message {shown(delivery_id)} for {name}.") from None

    def _change(self, name: str, update: dict[str, object]) -> WebhookEndpoint:
        return self._changed(name, lambda one: one.model_copy(update=update))

    def _changed(self, name: str, change: Callable[[WebhookEndpoint], WebhookEndpoint]) -> WebhookEndpoint:
        self._known(name)
        changed = self.webhooks.change(name, change)
        self._tell()
        return changed

    def _tell(self) -> None:
        """Have the transports list the endpoints at the next message; they find them by themselves a bit later."""
        with suppress(StoreUnavailable):
            self.index.endpoints_changed()

    def _known(self, name: str) -> WebhookEndpoint:
        try:
            if _NAME.fullmatch(name):
                return self.webhooks.endpoint(name)
        except NotFound:
            pass
        raise NotFound(f"There is no webhook endpoint {shown(name)}.")
