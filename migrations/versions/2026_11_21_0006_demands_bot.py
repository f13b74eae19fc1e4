"""Demands in draft and submitted, conversations with the bot, unanswered questions."""

import sqlalchemy as sa
from alembic import op

revision = "0006_demands_bot"
down_revision = "0005_policies"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_demands()
    create_conversations()
    create_unanswered()


def create_demands() -> None:
    op.create_table(
        "demands",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("transcript", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("client_uuid", sa.String(36), nullable=True),
        sa.Column("request_digest", sa.String(64), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'submitted')", name=op.f("ck_demands_state")),
        sa.CheckConstraint("channel IN ('app', 'bot')", name=op.f("ck_demands_channel")),
        sa.CheckConstraint("(state = 'draft') = (submitted_at IS NULL)", name=op.f("ck_demands_submitted_at")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_demands_person_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_demands_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demands")),
        sa.UniqueConstraint("code", name=op.f("uq_demands_code")),
        sa.UniqueConstraint("person_id", "client_uuid", name=op.f("uq_demands_person_id_client_uuid")),
    )
    op.create_index(op.f("ix_demands_org_id"), "demands", ["org_id"])
    op.create_table(
        "demand_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("demand_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("from_state", sa.String(12), nullable=True),
        sa.Column("to_state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["demand_id"], ["demands.id"], name=op.f("fk_demand_events_demand_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_demand_events_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_events")),
        sa.UniqueConstraint("demand_id", "seq", name=op.f("uq_demand_events_demand_id_seq")),
    )


def create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("guest_hash", sa.String(64), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("(person_id IS NULL) <> (guest_hash IS NULL)", name=op.f("ck_conversations_owner")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_conversations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("person_id", name=op.f("uq_conversations_person_id")),
        sa.UniqueConstraint("guest_hash", name=op.f("uq_conversations_guest_hash")),
    )
    op.create_table(
        "conversation_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("keep_until", INSTANT, nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("intent", sa.String(16), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=False),
        sa.Column("client_uuid", sa.String(36), nullable=True),
        sa.Column("request_digest", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_conversation_turns_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_turns")),
        sa.UniqueConstraint(
            "conversation_id", "client_uuid", name=op.f("uq_conversation_turns_conversation_id_client_uuid")
        ),
    )
    op.create_index(op.f("ix_conversation_turns_conversation_id_at"), "conversation_turns", ["conversation_id", "at"])
    op.create_index(op.f("ix_conversation_turns_keep_until"), "conversation_turns", ["keep_until"])


def create_unanswered() -> None:
    op.create_table(
        "unanswered_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("normalised", sa.String(200), nullable=False),
        sa.Column("intent", sa.String(16), nullable=True),
        sa.Column("category", sa.String(20), nullable=True),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.CheckConstraint(
            "reason IN ('unsure', 'no_policy', 'handover')", name=op.f("ck_unanswered_questions_reason")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_unanswered_questions_conversation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered_questions")),
    )
    op.create_index(op.f("ix_unanswered_questions_conversation_id"), "unanswered_questions", ["conversation_id"])
    op.create_index(op.f("ix_unanswered_questions_normalised"), "unanswered_questions", ["normalised"])


def downgrade() -> None:
    for table in (
        "unanswered_questions",
        "conversation_turns",
        "conversations",
        "demand_events",
        "demands",
    ):
        op.drop_table(table)
