"""Serves the page that was built: one document at the address of every screen, and its files."""

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from gateway.problem import Refusal
from gateway.web.addresses import FILES, SCREENS

_DIST = Path(__file__).parent / "dist"
_NAME = re.compile(r"(licences/)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_TYPES: Mapping[str, str] = MappingProxyType(
    {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
)
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_HASHED = re.compile(r".*-[0-9A-Za-z]{8,10}\.(js|css|svg)")
_NOT_BUILT = "The web page is not built here: run `sh infra/bootstrap.sh` where npm reaches its registry."


class Page:
    """The page as it was built, or the sentence that it was not.

    Args:
        policy: its Content-Security-Policy.
        version: of the project.
        folder: what was built; None: that of this package.
    """

    def __init__(self, policy: str, version: str, folder: Path | None = None) -> None:
        self._policy = policy
        self._version = version
        self._folder = folder or _DIST

    @property
    def built(self) -> bool:
        """Whether there is a page."""
        return (self._folder / "index.html").is_file()

    @property
    def absence(self) -> str:
        """What to tell where there is none, and what to do."""
        return "" if self.built else _NOT_BUILT

    def answer(self, request: Request) -> Response:
        """Return the page, for a browser; a program is told where its own interface is.

        Raises:
            Refusal: the caller takes no HTML, or the page is not built.
        """
        if not wants_page(request):
            detail = f"{request.url.path} is a screen of the web page, for browsers; programs use /api/v1."
            raise Refusal("not-found", detail)
        if not self.built:
            raise Refusal("not-found", f"{self.absence} The interface works: /docs.")
        root = escape(str(request.scope.get("root_path", "")).rstrip("/"))
        # Read anew each time: the page may be built again while the gateway runs.
        document = (self._folder / "index.html").read_text(encoding="utf-8")
        text = document.replace("{{root}}", root).replace("{{version}}", escape(self._version))
        return HTMLResponse(text, headers={**self._headers, "Cache-Control": "no-cache", "Vary": "Accept"})

    def file(self, request: Request, name: str) -> Response:
        """Return a file of the page, packed where the browser takes it so.

        Raises:
            Refusal: there is none of this name.
        """
        path = self._folder / name
        if not _NAME.fullmatch(name) or path.suffix not in _TYPES or not path.is_file():
            raise Refusal("not-found", "The page has no such file; a page that was open while it was renewed: reload.")
        headers = {**self._headers, "Vary": "Accept-Encoding"}
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "no-cache"
        taken = {entry.partition(";")[0].strip() for entry in request.headers.get("accept-encoding", "").split(",")}
        for encoding, ending in _PACKED:
            packed = path.with_name(path.name + ending)
            if encoding in taken and packed.is_file():
                path = packed
                headers["Content-Encoding"] = encoding
                break
        return FileResponse(path, media_type=_TYPES[Path(name).suffix], headers=headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }


def wants_page(request: Request) -> bool:
    """Tell whether a caller is a browser that shows what it gets."""
    return "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, page: Page) -> None:
    """Serve *page* at the address of every screen but ``/``, and its files."""

    def screen(request: Request) -> Response:
        return page.answer(request)

    for address in SCREENS:
        app.add_api_route(address, screen, include_in_schema=False, response_class=HTMLResponse)

    @app.get(f"{FILES}/{{name:path}}", include_in_schema=False)
    def file(name: str, request: Request) -> Response:
        return page.file(request, name)
