"""What a front end must know before anyone signs in."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel

from miniprogram_api.http.context import deps

bp = APIBlueprint("app_config", __name__, url_prefix="/api/v1", tag="应用 App")


class DemoPersonOut(BaseModel):
    code: str
    label: str


class AppConfigOut(BaseModel):
    env: str
    demo_people: list[DemoPersonOut]
    pass_key_id: str
    pass_public_key: str


@bp.get("/app-config")
@bp.output(AppConfigOut)
def show() -> dict[str, Any]:
    """The environment, in demo whom one may sign in as, and the key that passes are signed with."""
    options, signer = deps().options, deps().signer
    people = [{"code": code, "label": label} for code, label in options.demo_people]
    return {
        "env": options.env,
        "demo_people": people,
        "pass_key_id": signer.key_id,
        "pass_public_key": signer.public_key().hex(),
    }
