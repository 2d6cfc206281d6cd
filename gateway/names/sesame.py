"""Sesame, the name resolver of the CDS: SIMBAD, NED and VizieR behind one address; asked seldom, never waited for long.

Its answers are read in the plain form (``-oI``), which the manual of Sesame describes.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import structlog

_log = structlog.get_logger(__name__)

_TIMEOUT = httpx.Timeout(5.0, connect=3.0)
_LONGEST = 64 * 1024
_FAILURES = 2
_PAUSE_SECONDS = 120.0
_AT_ONCE = 4
_KEPT = 5_000
_KEPT_SECONDS = 7 * 86_400.0
_ABSENT_SECONDS = 3_600.0
_POSITION = re.compile(r"^%J\s+([-+]?[0-9.]+)\s+([-+]?[0-9.]+)", re.MULTILINE)
_NAME = re.compile(r"^%I\.0\s+(.+?)\s*$", re.MULTILINE)
_TYPE = re.compile(r"^%C\.0\s+(\S+)", re.MULTILINE)


class SesameUnavailable(Exception):
    """Sesame is not asked, or does not answer; the text says which."""


@dataclass(frozen=True)
class Found:
    """What Sesame knows of a name. Position in degrees (ICRS).

    Args:
        name: main identifier there.
        ra: right ascension.
        dec: declination.
        kind: type of the object in the short form of SIMBAD; empty: not told.
    """

    name: str
    ra: float
    dec: float
    kind: str = ""


class Sesame:
    """Asks Sesame and remembers what it said; any thread may ask.

    After two failures in a row it is left alone for two minutes, so that nobody waits for a network that is not there.

    Args:
        address: of the service; empty: it is never asked.
        clock: monotonic seconds.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address.rstrip("/")
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Found | None]] = OrderedDict()
        self._failures = 0
        self._closed_until = float("-inf")
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def find(self, name: str) -> Found | None:
        """Return what is known of a name; None: Sesame does not know it.

        Raises:
            SesameUnavailable: says why it could not be asked.
        """
        key = " ".join(name.split()).casefold()
        now = self._clock()
        with self._lock:
            known = self._known.get(key)
            if known is not None and now < known[0]:
                return known[1]
            if not self._address:
                raise SesameUnavailable("no remote resolver is set (ODAMESH_GATEWAY_SESAME)")
            if now < self._closed_until:
                wait = round(self._closed_until - now)
                raise SesameUnavailable(f"Sesame of the CDS did not answer lately; it is asked again in {wait} s")
        if not self._slots.acquire(blocking=False):
            raise SesameUnavailable("Sesame of the CDS is being asked for other names; ask again in a moment")
        try:
            found = self._ask(key)
        except (httpx.HTTPError, ValueError) as error:
            self._failed(error)
            raise SesameUnavailable(f"Sesame of the CDS does not answer ({type(error).__name__})") from error
        finally:
            self._slots.release()
        self._keep(key, found)
        return found

    def _ask(self, name: str) -> Found | None:
        with (
            httpx.Client(timeout=_TIMEOUT) as client,
            client.stream("GET", f"{self._address}/-oI/SNV?{quote(name)}") as answer,
        ):
            answer.raise_for_status()
            text = b""
            begun = self._clock()
            for block in answer.iter_bytes():
                text += block
                if len(text) > _LONGEST or self._clock() - begun > 2 * (_TIMEOUT.read or 0.0):
                    break  # The position stands at the beginning.
        return read_answer(text.decode("utf-8", "replace"))

    def _keep(self, key: str, found: Found | None) -> None:
        with self._lock:
            self._failures = 0
            self._known[key] = self._clock() + (_ABSENT_SECONDS if found is None else _KEPT_SECONDS), found
            self._known.move_to_end(key)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _FAILURES:
                self._closed_until = self._clock() + _PAUSE_SECONDS
        _log.warning("Sesame does not answer", error=type(error).__name__)


def read_answer(text: str) -> Found | None:
    """Return what an answer of Sesame says; None: no catalogue knows the name.

    Raises:
        ValueError: it is no answer of Sesame.
    """
    if not text.lstrip().startswith("#"):
        msg = "the answer is not one of Sesame"
        raise ValueError(msg)
    position = _POSITION.search(text)
    if position is None:
        return None
    ra, dec = float(position[1]), float(position[2])
    if not (0.0 <= ra <= 360.0 and -90.0 <= dec <= 90.0):
        msg = f"the position {ra} {dec} is out of range"
        raise ValueError(msg)
    name, kind = _NAME.search(text), _TYPE.search(text)
    return Found(name[1] if name else "", ra, dec, kind[1] if kind else "")
