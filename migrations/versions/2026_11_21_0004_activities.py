"""Activities, registrations, leave, scans; the capacity of pre-registration guarded by a trigger."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0004_activities"
down_revision = "0003_booking"
branch_labels = None
depends_on = None

# A pre-registration takes a place only while one is free. PostgreSQL locks the activity first, so that two at
# once are counted one after the other; SQLite has one writer anyway. Who stands at the door is never sent away.
PLACES = "('registered', 'attended', 'late')"
FULL = f"""
    (SELECT capacity FROM activities WHERE id = NEW.activity_id)
    <= (SELECT count(*) FROM registrations WHERE activity_id = NEW.activity_id AND state IN {PLACES})
"""
SQLITE = (
    f"""
    CREATE TRIGGER registrations_capacity_insert BEFORE INSERT ON registrations
    WHEN NEW.source <> 'door' AND NEW.state IN {PLACES}
    BEGIN SELECT RAISE(ABORT, 'activity_full') WHERE {FULL}; END
    """,
    f"""
    CREATE TRIGGER registrations_capacity_update BEFORE UPDATE OF state, source ON registrations
    WHEN NEW.source <> 'door' AND NEW.state = 'registered' AND OLD.state NOT IN {PLACES}
    BEGIN SELECT RAISE(ABORT, 'activity_full') WHERE {FULL}; END
    """,
)
POSTGRESQL = (
    f"""
    CREATE FUNCTION registrations_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM activities WHERE id = NEW.activity_id FOR NO KEY UPDATE;
        IF {FULL} THEN
            RAISE EXCEPTION 'activity_full' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE TRIGGER registrations_capacity_insert BEFORE INSERT ON registrations FOR EACH ROW
    WHEN (NEW.source <> 'door' AND NEW.state IN {PLACES})
    EXECUTE FUNCTION registrations_capacity()
    """,
    f"""
    CREATE TRIGGER registrations_capacity_update BEFORE UPDATE OF state, source ON registrations FOR EACH ROW
    WHEN (NEW.source <> 'door' AND NEW.state = 'registered' AND OLD.state NOT IN {PLACES})
    EXECUTE FUNCTION registrations_capacity()
    """,
)


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("theme_tags", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("agenda", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("starts", UtcDateTime(), nullable=False),
        sa.Column("ends", UtcDateTime(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("has_registration", sa.Boolean(), nullable=False),
        sa.Column("registration_opens", UtcDateTime(), nullable=True),
        sa.Column("registration_closes", UtcDateTime(), nullable=True),
        sa.Column("checkin_mode", sa.String(length=12), nullable=False),
        sa.Column("late_after_minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("audience IN ('members', 'open', 'invited')", name=op.f("ck_activities_audience")),
        sa.CheckConstraint(
            "checkin_mode IN ('code', 'staff_scan', 'roll_call', 'none')", name=op.f("ck_activities_checkin_mode")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'postponed', 'cancelled', 'archived')", name=op.f("ck_activities_state")
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_activities_capacity")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_activities_times")),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_activities_created_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
        sa.UniqueConstraint("code", name=op.f("uq_activities_code")),
        sa.UniqueConstraint("created_by_id", "client_uuid", name=op.f("uq_activities_created_by_id_client_uuid")),
    )
    op.create_index(op.f("ix_activities_state_ends"), "activities", ["state", "ends"], unique=False)
    op.create_table(
        "activity_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_activity_events_activity_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_activity_events_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_events")),
        sa.UniqueConstraint("activity_id", "seq", name=op.f("uq_activity_events_activity_id_seq")),
    )
    op.create_table(
        "activity_hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=True),
        sa.Column("chain_id", sa.Integer(), nullable=True),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'branch') = (branch_id IS NOT NULL) AND (kind = 'chain') = (chain_id IS NOT NULL)"
            " AND (kind = 'org') = (org_id IS NOT NULL) AND kind IN ('branch', 'chain', 'org')",
            name=op.f("ck_activity_hosts_one_kind"),
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_activity_hosts_activity_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["party_branches.id"], name=op.f("fk_activity_hosts_branch_id")),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name=op.f("fk_activity_hosts_chain_id")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_activity_hosts_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_hosts")),
        sa.UniqueConstraint("activity_id", "branch_id", name=op.f("uq_activity_hosts_activity_id_branch_id")),
        sa.UniqueConstraint("activity_id", "chain_id", name=op.f("uq_activity_hosts_activity_id_chain_id")),
        sa.UniqueConstraint("activity_id", "org_id", name=op.f("uq_activity_hosts_activity_id_org_id")),
    )
    op.create_index(op.f("ix_activity_hosts_branch_id"), "activity_hosts", ["branch_id"], unique=False)
    op.create_index(op.f("ix_activity_hosts_chain_id"), "activity_hosts", ["chain_id"], unique=False)
    op.create_table(
        "check_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("grade", sa.String(length=12), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("repeat_of_id", sa.Integer(), nullable=True),
        sa.Column("ticket_nonce", sa.String(length=32), nullable=True),
        sa.Column("binds_ticket", sa.Boolean(), nullable=False),
        sa.Column("claims_device", sa.Boolean(), nullable=False),
        sa.Column("code_step", sa.BigInteger(), nullable=True),
        sa.Column("device_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "grade IN ('accepted', 'provisional', 'review', 'rejected', 'revoked')", name=op.f("ck_check_ins_grade")
        ),
        sa.CheckConstraint(
            "method IN ('code', 'offline_code', 'staff_scan', 'roll_call', 'make_up')", name=op.f("ck_check_ins_method")
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_check_ins_activity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_check_ins_person_id")),
        sa.ForeignKeyConstraint(["repeat_of_id"], ["check_ins.id"], name=op.f("fk_check_ins_repeat_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
    )
    op.create_index(op.f("ix_check_ins_activity_id_person_id"), "check_ins", ["activity_id", "person_id"], unique=False)
    op.create_index(
        "uq_check_ins_device",
        "check_ins",
        ["activity_id", "device_hash"],
        unique=True,
        sqlite_where=sa.text("claims_device"),
        postgresql_where=sa.text("claims_device"),
    )
    op.create_index(
        "uq_check_ins_client_uuid",
        "check_ins",
        ["person_id", "client_uuid"],
        unique=True,
        sqlite_where=sa.text("grade <> 'rejected'"),
        postgresql_where=sa.text("grade <> 'rejected'"),
    )
    op.create_index(
        "uq_check_ins_counted",
        "check_ins",
        ["activity_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("repeat_of_id IS NULL AND grade IN ('accepted', 'provisional')"),
        postgresql_where=sa.text("repeat_of_id IS NULL AND grade IN ('accepted', 'provisional')"),
    )
    op.create_index(
        "uq_check_ins_in_review",
        "check_ins",
        ["activity_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("repeat_of_id IS NULL AND grade = 'review'"),
        postgresql_where=sa.text("repeat_of_id IS NULL AND grade = 'review'"),
    )
    op.create_index(
        "uq_check_ins_ticket",
        "check_ins",
        ["ticket_nonce"],
        unique=True,
        sqlite_where=sa.text("binds_ticket"),
        postgresql_where=sa.text("binds_ticket"),
    )
    op.create_table(
        "head_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("heads >= 0", name=op.f("ck_head_counts_heads")),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_head_counts_activity_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_head_counts_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_counts")),
        sa.UniqueConstraint("by_person_id", "client_uuid", name=op.f("uq_head_counts_by_person_id_client_uuid")),
    )
    op.create_index(op.f("ix_head_counts_activity_id_id"), "head_counts", ["activity_id", "id"], unique=False)
    op.create_table(
        "leaves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason_kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("home_branch_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "reason_kind IN ('sick', 'work', 'family', 'travel', 'other')", name=op.f("ck_leaves_reason_kind")
        ),
        sa.CheckConstraint("state IN ('asked', 'approved', 'refused', 'withdrawn')", name=op.f("ck_leaves_state")),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_leaves_activity_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f("fk_leaves_decided_by_id")),
        sa.ForeignKeyConstraint(["home_branch_id"], ["party_branches.id"], name=op.f("fk_leaves_home_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_leaves_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaves")),
        sa.UniqueConstraint("person_id", "client_uuid", name=op.f("uq_leaves_person_id_client_uuid")),
    )
    op.create_index(op.f("ix_leaves_home_branch_id"), "leaves", ["home_branch_id"], unique=False)
    op.create_index(
        "uq_leaves_open",
        "leaves",
        ["activity_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'approved')"),
        postgresql_where=sa.text("state IN ('asked', 'approved')"),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("credited_branch_id", sa.Integer(), nullable=True),
        sa.Column("counted_as", sa.String(length=8), nullable=False),
        sa.Column("is_over_capacity", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("counted_as IN ('member', 'activist', 'guest')", name=op.f("ck_registrations_counted_as")),
        sa.CheckConstraint(
            "source IN ('app', 'bot', 'secretary', 'roster', 'door')", name=op.f("ck_registrations_source")
        ),
        sa.CheckConstraint(
            "state IN ('registered', 'waitlisted', 'cancelled', 'attended', 'late', 'on_leave', 'excused')",
            name=op.f("ck_registrations_state"),
        ),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_registrations_activity_id")),
        sa.ForeignKeyConstraint(
            ["credited_branch_id"], ["party_branches.id"], name=op.f("fk_registrations_credited_branch_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_registrations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("activity_id", "person_id", name=op.f("uq_registrations_activity_id_person_id")),
        sa.UniqueConstraint("person_id", "client_uuid", name=op.f("uq_registrations_person_id_client_uuid")),
    )
    op.create_index(op.f("ix_registrations_credited_branch_id"), "registrations", ["credited_branch_id"], unique=False)
    op.create_table(
        "leave_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("leave_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_leave_events_by_person_id")),
        sa.ForeignKeyConstraint(["leave_id"], ["leaves.id"], name=op.f("fk_leave_events_leave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_events")),
        sa.UniqueConstraint("leave_id", "seq", name=op.f("uq_leave_events_leave_id_seq")),
    )
    op.create_table(
        "registration_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("by_person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["by_person_id"], ["people.id"], name=op.f("fk_registration_events_by_person_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registrations.id"], name=op.f("fk_registration_events_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_events")),
        sa.UniqueConstraint("registration_id", "seq", name=op.f("uq_registration_events_registration_id_seq")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "head_counts",
        "check_ins",
        "leave_events",
        "leaves",
        "registration_events",
        "registrations",
        "activity_hosts",
        "activity_events",
        "activities",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION registrations_capacity()")
