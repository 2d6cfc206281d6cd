"""Sends units among the dead letters again: the gateway, which others reach, may look at letters and publishes no unit.

Other letters are the operator's own: nobody else may publish requests, events and alerts in the name of those who do.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from mesh.broker.dead_letters import DeadLetter
from mesh.broker.topology import UNITS, UNROUTED_QUEUE, dead_queue
from mesh.contracts import SendAgain
from mesh.errors import ContractViolation, NotFound
from mesh.instruments import instrument_folders

_log = structlog.get_logger(__name__)
_PATIENCE_SECONDS, _PAUSE_SECONDS = 10.0, 0.5


class Post(Protocol):
    """What is needed of the dead letters."""

    def find(self, queue: str, letter_id: str) -> DeadLetter:
        """Return a letter; raises NotFound."""

    def retry(self, letter: DeadLetter) -> None:
        """Publish it where it was published first."""


class LettersAgain:
    """Gives letters back to where they came from.

    Args:
        post: opens the dead letters.
        patience_s: how long to look for a letter: who looks at it has it for a moment.
    """

    def __init__(self, post: Callable[[], AbstractContextManager[Post]], patience_s: float = _PATIENCE_SECONDS) -> None:
        self._post = post
        self._patience_s = patience_s

    def send(self, wish: SendAgain) -> None:
        """Send one again. A wish that comes twice does it once: the letter is gone then.

        Raises:
            ContractViolation: the queue is none of dead units.
            BrokerUnavailable: it stays where it is.
        """
        if wish.queue not in {UNROUTED_QUEUE, *map(dead_queue, instrument_folders())}:
            raise ContractViolation(f"{wish.queue} is no queue of dead units")
        give_up = time.monotonic() + self._patience_s
        while True:
            try:
                with self._post() as post:
                    letter = post.find(wish.queue, wish.letter_id)
                    self._retry(post, letter)
                    return
            except NotFound as error:
                if time.monotonic() >= give_up:
                    _log.warning("no dead letter to send again", queue=wish.queue, error=str(error))
                    return
            time.sleep(_PAUSE_SECONDS)

    def _retry(self, post: Post, letter: DeadLetter) -> None:
        about = {"queue": letter.queue, "letter_id": letter.id, "message_id": letter.delivery.message_id}
        if letter.exchange != UNITS:
            _log.warning("a dead letter that is no unit stays", exchange=letter.exchange, **about)
            return
        post.retry(letter)
        _log.info("dead unit sent again", routing_key=letter.routing_key, **about)
