"""What a front end must know before anyone signs in."""

from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from pydantic import BaseModel

from miniprogram_api.http.context import deps
from services.ports import Options

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
bp = APIBlueprint("app_config", __name__, url_prefix="/api/v1", tag="应用 App")


class DemoPersonOut(BaseModel):
    code: str
    label: str


class AppConfigOut(BaseModel):
    env: str
    demo_people: list[DemoPersonOut]
    web_sign_in_url: str | None
    pass_key_id: str
    pass_public_key: str


def web_sign_in_url(options: Options) -> str:
    """Where the H5 app sends people inside WeChat (web OAuth); the client puts its own random `state` at the end.

    The page comes back to the app with `code` and that `state`; a `state` that is not this browser's is thrown away.
    """
    query = {
        "appid": options.oa_appid,
        "redirect_uri": f"{options.base_url}/",
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "",
    }
    return f"{AUTHORIZE}?{urlencode(query)}"


@bp.get("/app-config")
@bp.output(AppConfigOut)
def show() -> dict[str, Any]:
    """The environment, in demo whom one may sign in as, and the key that passes are signed with."""
    options, signer = deps().options, deps().signer
    people = [{"code": code, "label": label} for code, label in options.demo_people]
    return {
        "env": options.env,
        "demo_people": people,
        "web_sign_in_url": None if options.is_demo else web_sign_in_url(options),
        "pass_key_id": signer.key_id,
        "pass_public_key": signer.public_key().hex(),
    }
