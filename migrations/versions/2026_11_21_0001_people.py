"""People, organisations, grants."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0001_people"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "chains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("lead_unit", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chains")),
        sa.UniqueConstraint("code", name=op.f("uq_chains_code")),
    )
    op.create_table(
        "departments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("code", name=op.f("uq_departments_code")),
    )
    op.create_table(
        "orgs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("region", sa.String(length=32), nullable=True),
        sa.Column("size_class", sa.String(length=8), nullable=True),
        sa.Column("is_fictional", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('enterprise', 'association', 'department', 'park', 'bank', 'institute', 'street', 'office')",
            name=op.f("ck_orgs_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orgs")),
        sa.UniqueConstraint("code", name=op.f("uq_orgs_code")),
        sa.UniqueConstraint("uscc", name=op.f("uq_orgs_uscc")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("phone_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=True),
        sa.Column("zone", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'blocked', 'erased')", name=op.f("ck_people_state")),
        sa.CheckConstraint("zone IN ('male', 'female')", name=op.f("ck_people_zone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_phone_hash"), "people", ["phone_hash"], unique=False)
    op.create_table(
        "auth_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_auth_tokens_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_tokens_token_hash")),
    )
    op.create_index(op.f("ix_auth_tokens_person_id"), "auth_tokens", ["person_id"], unique=False)
    op.create_table(
        "chain_stages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name=op.f("fk_chain_stages_chain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_stages")),
        sa.UniqueConstraint("chain_id", "code", name=op.f("uq_chain_stages_chain_id_code")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("scope_kind", sa.String(length=12), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(scope_kind = 'district') = (scope_id IS NULL)", name=op.f("ck_grants_scope_id")),
        sa.CheckConstraint(
            "scope_kind IN ('district', 'department', 'chain', 'branch', 'org', 'centre')",
            name=op.f("ck_grants_scope_kind"),
        ),
        sa.CheckConstraint("to_on IS NULL OR from_on < to_on", name=op.f("ck_grants_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_grants_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_person_id"), "grants", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_grants_role_scope_kind_scope_id"), "grants", ["role", "scope_kind", "scope_id"], unique=False
    )
    op.create_table(
        "org_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_names_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_names")),
    )
    op.create_index(op.f("ix_org_names_name"), "org_names", ["name"], unique=False)
    op.create_index(op.f("ix_org_names_org_id"), "org_names", ["org_id"], unique=False)
    op.create_table(
        "party_branches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("chain_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('own', 'joint')", name=op.f("ck_party_branches_kind")),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name=op.f("fk_party_branches_chain_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_branches")),
        sa.UniqueConstraint("code", name=op.f("uq_party_branches_code")),
    )
    op.create_table(
        "staff_credentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=50), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_staff_credentials_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_credentials")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_credentials_login")),
        sa.UniqueConstraint("person_id", name=op.f("uq_staff_credentials_person_id")),
    )
    op.create_table(
        "wechat_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("unionid", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_wechat_accounts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_accounts")),
        sa.UniqueConstraint("appid", "openid", name=op.f("uq_wechat_accounts_appid_openid")),
    )
    op.create_index(op.f("ix_wechat_accounts_person_id"), "wechat_accounts", ["person_id"], unique=False)
    op.create_index(op.f("ix_wechat_accounts_unionid"), "wechat_accounts", ["unionid"], unique=False)
    op.create_table(
        "claim_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('invite', 'link')", name=op.f("ck_claim_codes_kind")),
        sa.ForeignKeyConstraint(["branch_id"], ["party_branches.id"], name=op.f("fk_claim_codes_branch_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_claim_codes_org_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claim_codes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_claim_codes_code_hash")),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('member', 'probationary', 'activist')", name=op.f("ck_memberships_kind")),
        sa.CheckConstraint("to_on IS NULL OR from_on < to_on", name=op.f("ck_memberships_dates")),
        sa.ForeignKeyConstraint(["branch_id"], ["party_branches.id"], name=op.f("fk_memberships_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_branch_id"), "memberships", ["branch_id"], unique=False)
    op.create_index(op.f("ix_memberships_person_id_from_on"), "memberships", ["person_id", "from_on"], unique=False)
    op.create_table(
        "org_stages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name=op.f("fk_org_stages_chain_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_stages_org_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["chain_stages.id"], name=op.f("fk_org_stages_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_stages")),
        sa.UniqueConstraint("org_id", "chain_id", "stage_id", name=op.f("uq_org_stages_org_id_chain_id_stage_id")),
    )
    op.create_index(op.f("ix_org_stages_chain_id"), "org_stages", ["chain_id"], unique=False)
    op.create_table(
        "party_branch_orgs",
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["party_branches.id"], name=op.f("fk_party_branch_orgs_branch_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_party_branch_orgs_org_id")),
        sa.PrimaryKeyConstraint("branch_id", "org_id", name=op.f("pk_party_branch_orgs")),
    )
    op.create_index(op.f("ix_party_branch_orgs_org_id"), "party_branch_orgs", ["org_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_party_branch_orgs_org_id"), table_name="party_branch_orgs")
    op.drop_table("party_branch_orgs")
    op.drop_index(op.f("ix_org_stages_chain_id"), table_name="org_stages")
    op.drop_table("org_stages")
    op.drop_index(op.f("ix_memberships_person_id_from_on"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_branch_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("claim_codes")
    op.drop_index(op.f("ix_wechat_accounts_unionid"), table_name="wechat_accounts")
    op.drop_index(op.f("ix_wechat_accounts_person_id"), table_name="wechat_accounts")
    op.drop_table("wechat_accounts")
    op.drop_table("staff_credentials")
    op.drop_table("party_branches")
    op.drop_index(op.f("ix_org_names_org_id"), table_name="org_names")
    op.drop_index(op.f("ix_org_names_name"), table_name="org_names")
    op.drop_table("org_names")
    op.drop_index(op.f("ix_grants_role_scope_kind_scope_id"), table_name="grants")
    op.drop_index(op.f("ix_grants_person_id"), table_name="grants")
    op.drop_table("grants")
    op.drop_table("chain_stages")
    op.drop_index(op.f("ix_auth_tokens_person_id"), table_name="auth_tokens")
    op.drop_table("auth_tokens")
    op.drop_index(op.f("ix_people_phone_hash"), table_name="people")
    op.drop_table("people")
    op.drop_table("orgs")
    op.drop_table("departments")
    op.drop_table("chains")
