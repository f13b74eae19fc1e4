"""What gunicorn loads."""

from server.app import create_app
from server.body_limit import BodyLimit
from server.settings import Settings
from server.web.request_log import configure_logging

settings = Settings.from_env()
configure_logging(settings.log_format)
app = create_app(settings)
app.wsgi_app = BodyLimit(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to add middleware
