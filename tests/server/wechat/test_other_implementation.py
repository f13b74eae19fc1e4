"""A message sealed by the vectors' own generator, in another language, is answered, and it can read the answer."""

import json
import subprocess
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from server.container import Container
from tests.conftest import Clock
from tests.server.wechat.conftest import Bot, MakeClient
from tests.wechat_vectors import FOLDER

WITH_NODE = FOLDER.parents[1] / "tools" / "with-node"


def talk(what: str, given: dict[str, Any]) -> dict[str, Any]:
    command = [str(WITH_NODE), "node", str(FOLDER / "talk.mjs"), what]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.rule("W3", "W6", "W10")
def test_a_message_of_the_generator_is_answered(
    live: Container, make_client: MakeClient, bot: Bot, clock: Clock
) -> None:
    settings = live.settings
    account = {
        "token": settings.oa_token,
        "encoding_aes_key": settings.oa_aes_key,
        "appid": settings.oa_appid,
        "original_id": "gh_ours",
    }
    now = int(clock.now.timestamp())
    fields = {
        "ToUserName": "gh_ours",
        "FromUserName": "oFollower",
        "CreateTime": now,
        "MsgType": "text",
        "Content": "我们公司能申请什么补贴 🚚 ]]>",
        "MsgId": 24600000000007919,
    }
    sent = talk("seal", {"account": account, "timestamp": str(now), "nonce": "1514711492", "fields": fields})
    bot.reply = "可以申报 ]]> 🚚"
    client = make_client(bot)
    response = client.post(
        "/wechat/oa", query_string=sent["query"], data=sent["body"].encode(), headers=sent["headers"]
    )
    assert response.status_code == 200
    assert bot.asked == [fields["Content"]]
    message = fromstring(talk("open", {"account": account, "body": response.text})["message"])
    assert message.findtext("Content") == bot.reply
    assert (message.findtext("ToUserName"), message.findtext("FromUserName")) == ("oFollower", "gh_ours")
