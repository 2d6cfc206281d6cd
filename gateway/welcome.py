"""What a visitor without a path is told: the web page for browsers, and JSON for programs that says where to go on."""

from html import escape

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, JSONResponse

from gateway.api.documents import PREFIX
from gateway.web.page import Page, wants_page

_PLACES = {
    "interface": ("/docs", "the interface, to read and to try"),
    "openapi": (f"{PREFIX}/openapi.json", "the same for programs"),
    "instruments": (f"{PREFIX}/instruments", "what each instrument takes and makes"),
    "jobs": (f"{PREFIX}/jobs", "the newest jobs; POST submits one"),
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family: sans-serif; margin: 2em"><h1>{title}</h1><p>{about}</p><ul>{links}</ul></body></html>
"""


def install(app: FastAPI, page: Page) -> None:
    """Answer at ``/`` and at the root of the interface; where the page is not built, browsers get links."""

    @app.get("/", include_in_schema=False)
    def front(request: Request) -> Response:
        return page.answer(request) if wants_page(request) and page.built else welcome(request)

    @app.get(PREFIX, include_in_schema=False)
    def welcome(request: Request) -> Response:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        title, about = f"{app.title} {app.version}", "Online data analysis of INTEGRAL and POLAR."
        if wants_page(request):
            links = "".join(
                f'<li><a href="{escape(root + path)}">{escape(path)}</a>: {text}</li>'
                for path, text in _PLACES.values()
            )
            said = f"{about} {page.absence}".strip()
            text = _PAGE.format(title=escape(title), about=escape(said), links=links)
            return HTMLResponse(text, headers={"Vary": "Accept"})
        links_by_name = {name: root + path for name, (path, _) in _PLACES.items()}
        return JSONResponse({"name": app.title, "version": app.version, "about": about, "links": links_by_name})
