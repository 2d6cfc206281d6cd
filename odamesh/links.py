"""Permanent links: what was asked for and what it gave, opened without an account."""

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mesh.contracts import StageProduct
from mesh.states import JobState, job_is_final
from odamesh.download import fetch_link, place_of, refuse_to_overwrite
from odamesh.errors import OdameshError, WrongValue
from odamesh.job_record import LINK_DIGITS
from odamesh.transport import API, Transport

_LINK = re.compile(r"(.*)/r/([0-9A-Fa-f]{20,64})/?$")
_KEY = re.compile(r"[0-9A-Fa-f]{20,64}")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0


def parts_of(link: str) -> tuple[str, str, str]:
    """Return the address of the gateway, empty for the one in use, the digits of the key, and the query.

    Raises:
        WrongValue: it is no permanent link.
    """
    text = link.strip()
    if _KEY.fullmatch(text):
        return "", text.lower(), ""
    parts = urlsplit(text)
    found = _LINK.fullmatch(parts.path)
    if found is None or parts.scheme not in {"http", "https", ""}:
        raise WrongValue(
            f"{text[:80]!r} is no permanent link: it ends with /r/ and {LINK_DIGITS} hexadecimal digits of a request"
        )
    base = urlunsplit((parts.scheme, parts.netloc, found[1], "", "")) if parts.netloc else ""
    return base, found[2].lower(), parts.query


class Link:
    """A request, and what it gave, as its permanent link shows it.

    Args:
        transport: to the gateway.
        digits: of the key.
        query: of a signed link.
    """

    def __init__(self, transport: Transport, digits: str, query: str = "") -> None:
        self._transport = transport
        self._digits = digits
        self._tail = f"?{query}" if query else ""
        self.document: Mapping[str, Any] = {}
        """What the link answered last."""
        self.refresh()

    @property
    def address(self) -> str:
        """The link itself."""
        return f"{address_of_link(self._transport, self._digits)}{self._tail}"

    @property
    def title(self) -> str:
        """What was asked for, in words."""
        return str(self.document["title"])

    @property
    def state(self) -> str:
        """Where it stood when it was looked at last, e.g. ``COMPLETED``."""
        return str(self.document["state"])

    @property
    def ended(self) -> bool:
        """Whether it had ended when it was looked at last."""
        return self.state not in set(JobState) or job_is_final(JobState(self.state))

    def __repr__(self) -> str:
        """Say what it is and where it stands."""
        return f"<Link {self.title}: {self.state}>"

    def refresh(self) -> "Link":
        """Open the link again; what was removed from the store is made again."""
        self.document = self._transport.get(self.address)
        return self

    def wait(self) -> "Link":
        """Wait until it has been made; return it.

        Raises:
            OdameshError: it could not be made; says why.
        """
        pause = _FIRST_PAUSE
        while not self.ended:
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            self.refresh()
        if self.state != JobState.COMPLETED:
            failure = self.document["failure"]
            reason = f"{failure['reason']}: {failure['text']}" if failure else f"it is {self.state}"
            raise OdameshError(f"what {self.address.partition('?')[0]} leads to was not made: {reason}")
        return self

    def cite(self, *, bibtex: bool = False) -> str:
        """Return how to cite it, as text or as an entry for BibTeX."""
        return cite(self._transport, self._digits, self._tail[1:], bibtex=bibtex)

    def download(self, directory: str | Path = ".", *, overwrite: bool = False) -> list[Path]:
        """Bring the products to *directory*; return their paths.

        Raises:
            WouldOverwrite: other files are in the way; nothing was fetched.
            DamagedDownload: a file does not have the announced checksum.
        """
        return list(self.downloads(directory, overwrite=overwrite))

    def downloads(self, directory: str | Path = ".", *, overwrite: bool = False) -> Iterator[Path]:
        """Do what `download` does, and yield each path as soon as the file is there."""
        chosen = []
        for entry in self.document["products"]:
            product = StageProduct.read({**entry, "files": ()})
            for file in entry["files"]:
                chosen.append((file["url"], file["sha256"], place_of(Path(directory), product) / file["name"]))
        if not overwrite:
            refuse_to_overwrite((target, sha256) for _, sha256, target in chosen)
        for url, sha256, target in chosen:
            yield fetch_link(self._transport, url, sha256, target)


def address_of_link(transport: Transport, digits: str) -> str:
    """Return the permanent link of a request."""
    return f"{transport.absolute(API).removesuffix(API)}/r/{digits[:LINK_DIGITS] if len(digits) == 64 else digits}"


def cite(transport: Transport, digits: str, query: str = "", *, bibtex: bool = False) -> str:
    """Return how to cite a request."""
    form = "bibtex" if bibtex else "text"
    tail = f"&{query}" if query else ""
    return transport.text(f"{address_of_link(transport, digits)}/cite?format={form}{tail}").rstrip("\n")
