"""Does something again and again beside a block, for its duration."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def again_and_again(deed: Callable[[], object], pause_s: float) -> Iterator[None]:
    """Have something done with pauses; what it raises ends it, and the block does not know."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(pause_s):
            deed()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
