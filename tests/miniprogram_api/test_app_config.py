"""What a front end knows before anyone signs in."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from miniprogram_api.v1.app_config import web_sign_in_url
from server.container import Container
from tests.conftest import Caller


def test_the_demo_offers_its_people_and_no_wechat_page(guest: Caller) -> None:
    shown = guest.get("/app-config").json
    assert {"code": "demo:driver", "label": "货车司机 · 林志远"} in shown["demo_people"]
    assert shown["web_sign_in_url"] is None


def test_the_wechat_page_comes_back_to_the_app_and_leaves_state_to_the_client(container: Container) -> None:
    url = web_sign_in_url(replace(container.options, env="production", base_url="https://lianyi.example"))
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert (query["redirect_uri"], query["scope"]) == (["https://lianyi.example/"], ["snsapi_base"])
    assert url.endswith("&state=")
