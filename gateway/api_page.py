"""The page ``/docs`` on which people read and try the interface; it works where there is no internet."""

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

_PAGE, _FILES = "/docs", "/docs/swagger"


def install(app: FastAPI) -> None:
    """Serve the page and its script, style and icon from this host.

    The files are those of Swagger UI that the package fastapi-swagger carries; FastAPI's own page would load them from
    a host far away, and Swagger UI would send the description of the interface to another one to have it checked.
    """
    app.mount(_FILES, StaticFiles(packages=[("fastapi_swagger", "resources")]), name="swagger")

    @app.get(_PAGE, include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{root}{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{root}{_FILES}/favicon-32x32.png",
            swagger_ui_parameters={"validatorUrl": None},
        )
