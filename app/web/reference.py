"""`/docs`: the OpenAPI document as a page to read and to try things in.

Decides that the page asks nobody else for anything: its script and style are served from an installed package.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

# No key is kept in the browser, and no validator elsewhere is told of this server.
PARAMETERS = {"persistAuthorization": False, "validatorUrl": None, "tryItOutEnabled": True, "filter": True}


def install(app: FastAPI) -> None:
    """Serve the page and what it needs."""

    async def page(request: Request) -> Response:
        root = request.scope.get("root_path", "").rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title}: the API",
            swagger_js_url=f"{root}/docs/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/assets/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/assets/favicon-32x32.png",
            swagger_ui_parameters=PARAMETERS,
        )

    app.mount("/docs/assets", StaticFiles(packages=[("fastapi_swagger", "resources")]))
    app.add_route("/docs", page, include_in_schema=False)
