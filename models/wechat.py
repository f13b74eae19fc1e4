"""What WeChat makes us remember: messages in hand, consents for subscribe messages, access tokens."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamped

CLAIM_STATES = ("claimed", "done")
REPLY_STATES = ("passive", "due", "sending", "sent", "refused", "failed", "unknown")


class WeChatClaim(Base, Timestamped):
    """One message of WeChat, however often it is delivered (去重): who works on it, and what was answered.

    The row is committed before the work, under a lease; the work's own commit checks that it still holds it
    (decision 32). `openid` is kept only while a reply waits to be sent as a customer-service message.
    """

    __tablename__ = "wechat_claims"
    __table_args__ = (
        UniqueConstraint("appid", "message_key"),
        CheckConstraint(f"state IN {CLAIM_STATES!r}", name="state"),
        CheckConstraint(f"reply_state IN {REPLY_STATES!r}", name="reply_state"),
        Index(None, "reply_state", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appid: Mapped[str] = mapped_column(String(64))
    message_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default="claimed")
    lease_token: Mapped[str] = mapped_column(String(32))
    lease_until: Mapped[datetime] = mapped_column()
    attempts: Mapped[int] = mapped_column(default=1)
    reply: Mapped[str | None] = mapped_column(Text)
    reply_state: Mapped[str | None] = mapped_column(String(8))
    openid: Mapped[str | None] = mapped_column(String(128))
    error_code: Mapped[str | None] = mapped_column(String(48))
    done_at: Mapped[datetime | None] = mapped_column()


class SubscribeAllowance(Base, Timestamped):
    """How many subscribe messages of one template this openid still accepts (订阅授权次数).

    WeChat has no call to ask for it. One accept of the popup is one message; it reaches us from the phone, from
    WeChat's event, or from both, so each side's last unmatched accept is kept and the pair counts once.
    """

    __tablename__ = "subscribe_allowances"
    __table_args__ = (
        UniqueConstraint("appid", "openid", "template_id"),
        CheckConstraint("remaining >= 0", name="remaining"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appid: Mapped[str] = mapped_column(String(64))
    openid: Mapped[str] = mapped_column(String(128))
    template_id: Mapped[str] = mapped_column(String(64))
    remaining: Mapped[int] = mapped_column(default=0)
    phone_accept_at: Mapped[datetime | None] = mapped_column()
    event_accept_at: Mapped[datetime | None] = mapped_column()
    updated_at: Mapped[datetime] = mapped_column()


class WeChatToken(Base):
    """The access token of one account, shared by every process; ciphertext, since it opens the account."""

    __tablename__ = "wechat_tokens"

    appid: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None] = mapped_column()
    fetched_at: Mapped[datetime | None] = mapped_column()
    lease_until: Mapped[datetime | None] = mapped_column()
