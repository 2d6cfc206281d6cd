"""Accounts and API tokens as the gateway knows them: asked of the store every few seconds, kept while it is away."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from mesh.accounts.accounts import Accounts
from mesh.contracts import Account, ApiToken
from mesh.errors import StoreUnavailable

FRESH_SECONDS = 10.0
"""A revocation, or a change of roles, counts everywhere after this time."""
_KEPT_SECONDS = 300.0
"""What is known is used so long while the store is away."""
_MOST = 10_000

_Found = TypeVar("_Found")


class Remembered(Generic[_Found]):
    """What a question to the store was answered, for a while; absence too. Any thread may ask.

    Args:
        read: asks the store.
        clock: monotonic seconds.
    """

    def __init__(self, read: Callable[[str], _Found], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, _Found]] = OrderedDict()
        self._lock = threading.Lock()

    def fresh(self, name: str) -> tuple[_Found] | None:
        """Return what is known and fresh, in a tuple; None: the store must be asked. Never waits."""
        with self._lock:
            entry = self._known.get(name)
        return (entry[1],) if entry is not None and self._clock() - entry[0] < FRESH_SECONDS else None

    def get(self, name: str) -> _Found:
        """Return what the store answers, or answered lately.

        Raises:
            StoreUnavailable: it does not answer, and nothing is known.
        """
        if (known := self.fresh(name)) is not None:
            return known[0]
        try:
            found = self._read(name)
        except StoreUnavailable:
            with self._lock:
                entry = self._known.get(name)
            if entry is None or self._clock() - entry[0] > _KEPT_SECONDS:
                raise
            return entry[1]
        self.put(name, found)
        return found

    def put(self, name: str, found: _Found) -> None:
        """Remember what was written just now."""
        with self._lock:
            self._known[name] = self._clock(), found
            self._known.move_to_end(name)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


class KnownAccounts:
    """What the store says of accounts and tokens.

    Args:
        store: the documents.
    """

    def __init__(self, store: Accounts) -> None:
        self.store = store
        self.accounts: Remembered[Account | None] = Remembered(store.account)
        self.tokens: Remembered[ApiToken | None] = Remembered(store.token)
