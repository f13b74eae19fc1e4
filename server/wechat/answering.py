"""A text from WeChat to the bot, and the bot's reply as the plain text WeChat can show."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.container import Container
from server.wechat.effects import AnswerText, Asker


def answerer(container: Container) -> AnswerText:
    """The bot, with what it needs of this process."""

    def answer_text(session: Session, asker: Asker, text: str, now: datetime) -> str:
        from bot.conversing import converse  # late: the bot brings in numpy, which the first answer pays for

        return converse(container, session, asker, text, now=now)

    return answer_text
