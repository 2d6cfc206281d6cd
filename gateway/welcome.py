"""What a visitor without a path is told: what this is, and where to go on; a page for browsers, JSON for programs."""

from html import escape

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, JSONResponse

from gateway.api.documents import PREFIX

_PLACES = {
    "interface": ("/docs", "the interface, to read and to try"),
    "openapi": (f"{PREFIX}/openapi.json", "the same for programs"),
    "instruments": (f"{PREFIX}/instruments", "what each instrument takes and makes"),
    "jobs": (f"{PREFIX}/jobs", "the newest jobs; POST submits one"),
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family: sans-serif; margin: 2em"><h1>{title}</h1><p>{about}</p><ul>{links}</ul></body></html>
"""


def install(app: FastAPI) -> None:
    """Answer at ``/`` and at the root of the interface."""

    @app.get("/", include_in_schema=False)
    @app.get(PREFIX, include_in_schema=False)
    def welcome(request: Request) -> Response:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        title, about = f"{app.title} {app.version}", "Online data analysis of INTEGRAL and POLAR."
        if "text/html" in request.headers.get("accept", ""):
            links = "".join(
                f'<li><a href="{escape(root + path)}">{escape(path)}</a>: {text}</li>'
                for path, text in _PLACES.values()
            )
            return HTMLResponse(_PAGE.format(title=escape(title), about=about, links=links))
        links_by_name = {name: root + path for name, (path, _) in _PLACES.items()}
        return JSONResponse({"name": app.title, "version": app.version, "about": about, "links": links_by_name})
