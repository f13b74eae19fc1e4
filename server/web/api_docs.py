"""The pages of /docs from our own address: Swagger UI as its package ships it, no other network."""

from pathlib import Path

import swagger_ui_bundle
from apiflask import APIFlask
from flask import Blueprint, Response, send_from_directory

FOLDER = Path(swagger_ui_bundle.swagger_ui_path)
ADDRESS = "/docs/assets"
KEPT_SECONDS = 24 * 3600


def install(app: APIFlask) -> None:
    """Serve the files and tell APIFlask where they are."""
    blueprint = Blueprint("api_docs", __name__)

    @blueprint.get(f"{ADDRESS}/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(FOLDER, name, max_age=KEPT_SECONDS)

    app.register_blueprint(blueprint)
    app.config.update(
        SWAGGER_UI_CSS=f"{ADDRESS}/swagger-ui.css",
        SWAGGER_UI_BUNDLE_JS=f"{ADDRESS}/swagger-ui-bundle.js",
        SWAGGER_UI_STANDALONE_PRESET_JS=f"{ADDRESS}/swagger-ui-standalone-preset.js",
        DOCS_FAVICON=f"{ADDRESS}/favicon-32x32.png",
    )
