"""WeChat messages in hand, consents for subscribe messages, access tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0007_wechat"
down_revision = "0006_demands_bot"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wechat_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appid", sa.String(64), nullable=False),
        sa.Column("message_key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("lease_token", sa.String(32), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("reply_state", sa.String(8), nullable=True),
        sa.Column("openid", sa.String(128), nullable=True),
        sa.Column("error_code", sa.String(48), nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('claimed', 'done')", name=op.f("ck_wechat_claims_state")),
        sa.CheckConstraint(
            "reply_state IN ('passive', 'due', 'sending', 'sent', 'refused', 'failed', 'unknown')",
            name=op.f("ck_wechat_claims_reply_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_claims")),
        sa.UniqueConstraint("appid", "message_key", name=op.f("uq_wechat_claims_appid_message_key")),
    )
    op.create_index(op.f("ix_wechat_claims_reply_state_created_at"), "wechat_claims", ["reply_state", "created_at"])
    op.create_index(op.f("ix_wechat_claims_created_at"), "wechat_claims", ["created_at"])
    op.create_table(
        "subscribe_allowances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appid", sa.String(64), nullable=False),
        sa.Column("openid", sa.String(128), nullable=False),
        sa.Column("template_id", sa.String(64), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("phone_accept_at", INSTANT, nullable=True),
        sa.Column("event_accept_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_subscribe_allowances_remaining")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribe_allowances")),
        sa.UniqueConstraint(
            "appid", "openid", "template_id", name=op.f("uq_subscribe_allowances_appid_openid_template_id")
        ),
    )
    op.create_table(
        "wechat_tokens",
        sa.Column("appid", sa.String(64), nullable=False),
        sa.Column("token_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("fetched_at", INSTANT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_wechat_tokens")),
    )


def downgrade() -> None:
    for table in ("wechat_tokens", "subscribe_allowances", "wechat_claims"):
        op.drop_table(table)
