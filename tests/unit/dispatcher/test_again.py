"""Dead letters that an operator wants sent again."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from structlog.testing import capture_logs

from mesh.broker.dead_letters import DeadLetter
from mesh.contracts import SendAgain
from mesh.errors import ContractViolation, NotFound
from services.dispatcher.again import LettersAgain
from tests.unit.gateway.admin_doubles import MemoryPost, dead_letter


class Post(MemoryPost):
    """Letters that can be sent again; the first looks find nothing, as while somebody else looks."""

    def __init__(self, *kept: DeadLetter, looked_at: int = 0) -> None:
        super().__init__(list(kept))
        self.sent: list[str] = []
        self.looked_at = looked_at

    @contextmanager
    def opened(self) -> Iterator["Post"]:
        """Open it."""
        yield self

    def find(self, queue: str, letter_id: str) -> DeadLetter:
        """Return one, if nobody else looks."""
        if self.looked_at:
            self.looked_at -= 1
            raise NotFound("somebody looks at it")
        return super().find(queue, letter_id)

    def retry(self, letter: DeadLetter) -> None:
        """Send one again."""
        self.sent.append(letter.id)
        self.kept.remove(letter)


def _send(post: Post, letter: DeadLetter, patience_s: float = 5.0) -> list[str]:
    structlog.reset_defaults()
    with capture_logs() as lines:
        LettersAgain(post.opened, patience_s).send(SendAgain(queue=letter.queue, letter_id=letter.id))
    return [line["event"] for line in lines]


def test_a_letter_at_which_somebody_looks_is_sent_again_a_moment_later() -> None:
    post = Post(letter := dead_letter(), dead_letter(message_id="u2"), looked_at=1)
    assert _send(post, letter) == ["dead unit sent again"]
    assert post.sent == [letter.id]


def test_a_wish_that_comes_twice_does_it_once() -> None:
    post = Post(letter := dead_letter())
    _send(post, letter)
    assert _send(post, letter, patience_s=0.0) == ["no dead letter to send again"]
    assert post.sent == [letter.id]


@pytest.mark.parametrize("exchange", ["", "mesh.events"])
def test_what_is_no_unit_stays(exchange: str) -> None:
    post = Post(letter := dead_letter(exchange=exchange))
    assert _send(post, letter) == ["a dead letter that is no unit stays"]
    assert post.kept == [letter]


@pytest.mark.parametrize("queue", ["requests.dispatcher", "units.isgri.user", "dead.events"])
def test_no_other_queue_is_looked_into(queue: str) -> None:
    post = Post(letter := dead_letter(queue))
    with pytest.raises(ContractViolation, match="no queue of dead units"):
        _send(post, letter)
    assert post.kept == [letter]
