"""Staff sign-in attempts: the brake on guessing passwords."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0008_sign_in_attempts"
down_revision = "0007_wechat"


def upgrade() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(op.f("ix_sign_in_attempts_since"), "sign_in_attempts", ["since"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sign_in_attempts_since"), table_name="sign_in_attempts")
    op.drop_table("sign_in_attempts")
