"""create_app: the table of contents of the web process."""

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from miniprogram_api.http import auth, context, errors, guards
from miniprogram_api.v1 import (
    activities,
    app_config,
    attendants,
    booking_changes,
    bookings,
    bot,
    calendar_days,
    calendars,
    centres,
    check_ins,
    closures,
    demands,
    desk,
    desk_board,
    desk_sync,
    inbox,
    marks,
    notices,
    opening_changes,
    orgs,
    people,
    policies,
    rosters,
    shift_notes,
    subscribe,
    waitlist,
)
from server.container import Container, build
from server.settings import Settings
from server.web import api_docs, h5, health, request_log, safe_headers
from server.wechat import callback

RESOURCES = (
    activities, app_config, attendants, booking_changes, bookings, bot, calendar_days, calendars,
    centres, check_ins, closures, demands, desk, desk_board, desk_sync, inbox, marks, notices,
    opening_changes, orgs, people, policies, rosters, shift_notes, subscribe, waitlist,
)  # fmt: skip


class RowId(IntegerConverter):
    """A number in a path: nothing larger than a database id can be, so an absurd one is a plain 404."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**31 - 1)


def create_app(settings: Settings, container: Container | None = None) -> APIFlask:
    """The web application. Opens no connection, reads no environment, starts no thread."""
    container = container or build(settings)
    app = APIFlask("lianyi", title="链驿 Lianyi", version="0.1.0", docs_path="/docs", spec_path="/openapi.json",
                   static_folder=None)  # type: ignore[arg-type]  # fmt: skip
    app.config.update(
        DESCRIPTION="服务中心预约、主题党日签到、惠企政策问答",
        VALIDATION_ERROR_STATUS_CODE=422,
        AUTO_404_RESPONSE=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # a JSONProvider in general has no such options; Flask's own has
    app.json.sort_keys = False  # type: ignore[attr-defined]  # a JSONProvider in general has no such options; Flask's own has
    app.url_map.converters["int"] = RowId
    context.install(app, container)
    request_log.install(app)
    safe_headers.install(app)
    errors.install(app)
    app.before_request(guards.refuse_control_characters)
    app.before_request(auth.guard)
    for resource in RESOURCES:
        app.register_blueprint(resource.bp)
    api_docs.install(app)
    app.register_blueprint(health.install(container))
    app.register_blueprint(h5.install(container))
    app.register_blueprint(callback.install(container))
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's own way to add middleware
            app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0
        )
    app.extensions["warm_up"] = lambda: _warm_up(container)
    return app


def _warm_up(container: Container) -> None:
    """Load what the first question would otherwise wait for: the bot's weights and the text index."""
    from bot.understanding.meaning import understand

    _ = understand("预约").intent
    container.text_index.is_ready()
