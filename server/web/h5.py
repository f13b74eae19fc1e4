"""The H5 app at `/`, and `/q/{kind}/{payload}`: what every printed QR code opens."""

from urllib.parse import quote

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as BaseResponse

from server.container import Container
from server.web.safe_headers import PAGE_POLICY

ASSET_SECONDS = 365 * 24 * 3600
FIRST_PAGE = "pages/services/index"
PAGES = {
    "booking": "pages/bookings/pass?code={0}",
    "activity": "pages/activities/detail?code={0}",
    "service": "pages/services/service?code={0}",
    "centre": "pages/services/index?centre={0}",
    "policy": "pages/policies/detail?code={0}",
}
MISSING = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>链驿</title>
<body style="font:16px/1.5 system-ui;padding:24px"><h1>链驿</h1>
<p>手机页面还没有构建。运行 <code>make run</code> 会自动构建，接口已经可以使用。</p>"""


def install(container: Container) -> Blueprint:
    """Static files with long caching for hashed assets, none for the page itself."""
    blueprint = Blueprint("h5", __name__)
    folder = container.settings.h5_dir.resolve()

    @blueprint.get("/")
    def index() -> Response:
        if not (folder / "index.html").is_file():
            response = Response(MISSING, content_type="text/html; charset=utf-8")
        else:
            response = send_from_directory(folder, "index.html", max_age=0)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        return response

    @blueprint.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(folder / "assets", name, max_age=ASSET_SECONDS)

    @blueprint.get("/static/<path:name>")
    def static_file(name: str) -> Response:
        return send_from_directory(folder / "static", name, max_age=3600)

    @blueprint.get("/sw.js")
    def service_worker() -> Response:
        """At the root, since a service worker only serves what lies below it; never cached, or it could not change."""
        response = send_from_directory(folder, "sw.js", max_age=0)
        response.headers["Cache-Control"] = "no-cache"
        return response

    @blueprint.get("/q/<kind>/<path:payload>")
    def short_link(kind: str, payload: str) -> BaseResponse:
        return redirect(f"/#/{page_for(kind, payload)}", 302)

    return blueprint


def page_for(kind: str, payload: str) -> str:
    """The page a QR code opens. A check-in code is `ACTIVITY.CODE`; both go along.

    A kind this version does not know opens the first page: whoever scanned it gets somewhere.
    """
    if kind == "checkin":
        activity = payload.partition(".")[0]
        return f"pages/activities/check-in?activity={quote(activity)}&c={quote(payload)}"
    return PAGES.get(kind, FIRST_PAGE).format(quote(payload))
