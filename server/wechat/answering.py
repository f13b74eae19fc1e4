"""A text from WeChat to the bot, and the bot's reply as the plain text WeChat can show."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.conversing import Asked, converse
from bot.rendering import as_text
from server.container import Container
from server.wechat.effects import AnswerText, Asker
from server.wechat.replies import TEXT_BYTES
from services.people import actor_of
from services.wechat_followers import CHANNEL


def answerer(container: Container) -> AnswerText:
    """The bot, with what it needs of this process."""

    def answer_text(session: Session, asker: Asker, text: str, now: datetime) -> str:
        today = container.options.today(now)
        actor = None if asker.person_id is None else actor_of(session, asker.person_id, today=today)
        asked = Asked(text=text, actor=actor, guest_key=asker.guest_key, channel=CHANNEL)
        return as_text(converse(session, asked, deps=container, now=now), max_bytes=TEXT_BYTES)

    return answer_text
