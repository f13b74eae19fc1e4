"""Policies with their versions and events, fact fields, firms' facts, checks."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0005_policies"
down_revision = "0004_activities"


def upgrade() -> None:
    create_policies()
    create_facts()


def create_policies() -> None:
    op.create_table(
        "policy_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("scope", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_categories")),
        sa.UniqueConstraint("code", name=op.f("uq_policy_categories_code")),
    )
    op.create_table(
        "fact_fields",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_fields")),
        sa.UniqueConstraint("code", name=op.f("uq_fact_fields_code")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("code_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("also_categories", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("chains", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended', 'repealed')", name=op.f("ck_policies_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("code_key", name=op.f("uq_policies_code_key")),
    )
    op.create_index(op.f("ix_policies_category"), "policies", ["category"], unique=False)
    op.create_table(
        "policy_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("max_amount_wan", sa.String(length=24), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("conditions_digest", sa.String(length=64), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.Column("materials", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("source_doc", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("editor_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "closes IS NULL OR opens IS NULL OR opens <= closes", name=op.f("ck_policy_versions_window")
        ),
        sa.ForeignKeyConstraint(["editor_id"], ["people.id"], name=op.f("fk_policy_versions_editor_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_versions_policy_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["people.id"], name=op.f("fk_policy_versions_reviewed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_versions_policy_id_number")),
    )
    op.create_table(
        "policy_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_policy_events_person_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_events_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_events")),
        sa.UniqueConstraint("policy_id", "seq", name=op.f("uq_policy_events_policy_id_seq")),
    )


def create_facts() -> None:
    op.create_table(
        "org_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=48), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("for_year", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("source IN ('self', 'verified', 'imported')", name=op.f("ck_org_facts_source")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_org_facts_by_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_facts_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_facts")),
    )
    op.create_index(op.f("ix_org_facts_org_id_field_id"), "org_facts", ["org_id", "field", "id"], unique=False)
    op.create_table(
        "question_pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=48), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_question_pauses_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_pauses")),
        sa.UniqueConstraint("org_id", "field", name=op.f("uq_question_pauses_org_id_field")),
    )
    op.create_table(
        "policy_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_policy_checks_org_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_policy_checks_person_id")),
        sa.ForeignKeyConstraint(["version_id"], ["policy_versions.id"], name=op.f("fk_policy_checks_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_checks")),
    )
    op.create_index(op.f("ix_policy_checks_org_id_at"), "policy_checks", ["org_id", "at"], unique=False)
    op.create_index(op.f("ix_policy_checks_version_id"), "policy_checks", ["version_id"], unique=False)


def downgrade() -> None:
    op.drop_table("policy_checks")
    op.drop_table("question_pauses")
    op.drop_table("org_facts")
    op.drop_table("policy_events")
    op.drop_table("policy_versions")
    op.drop_table("policies")
    op.drop_table("fact_fields")
    op.drop_table("policy_categories")
