"""Booking in depth: wait-list, closures, rosters, marks, the desk; holds as the second source of occupied time.

Columns are added one by one, never by a rebuild of a table: on SQLite that would drop the guards of 0003.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0009_booking_depth"
down_revision = "0008_sign_in_attempts"

INSTANT = UtcDateTime()
SQL = Path(__file__).resolve().parent.parent / "sql"
# Inline constraints: the one form that both engines can add to a standing table.
COLUMNS = (
    ("bookings", "late_minutes", "INTEGER NOT NULL DEFAULT 0"),
    ("bookings", "accessible", "BOOLEAN NOT NULL DEFAULT false"),
    ("bookings", "guest_cipher", "{blob}"),
    ("bookings", "made_by_id", "INTEGER CONSTRAINT fk_bookings_made_by_id REFERENCES people (id)"),
    ("bookings", "override_reason", "VARCHAR(200)"),
    ("bookings", "moved_to_id", "INTEGER CONSTRAINT fk_bookings_moved_to_id REFERENCES bookings (id)"),
    ("centre_notices", "grace_minutes", "INTEGER NOT NULL DEFAULT 0"),
    ("centre_notices", "posted_by_id", "INTEGER CONSTRAINT fk_centre_notices_posted_by_id REFERENCES people (id)"),
    ("centre_notices", "is_past", "BOOLEAN NOT NULL DEFAULT false"),
    ("notifications", "push_at", "{instant}"),
    ("occupancy", "hold_id", "INTEGER CONSTRAINT fk_occupancy_hold_id REFERENCES holds (id)"),
    (
        "opening_rules",
        "day_kind",
        "VARCHAR(8) CONSTRAINT ck_opening_rules_day_kind CHECK (day_kind IN ('workday', 'restday', 'holiday'))",
    ),
    ("opening_rules", "is_closed", "BOOLEAN NOT NULL DEFAULT false"),
    ("people", "calendar_serial", "INTEGER NOT NULL DEFAULT 0"),
    ("services", "max_party", "INTEGER"),
    ("services", "is_overnight", "BOOLEAN NOT NULL DEFAULT false"),
)
TYPES = {
    "sqlite": {"blob": "BLOB", "instant": "DATETIME"},
    "postgresql": {"blob": "BYTEA", "instant": "TIMESTAMP WITH TIME ZONE"},
}
TABLES = (
    "holds",
    "waitlist_events",
    "waitlist_entries",
    "marks",
    "closures",
    "arrivals",
    "shift_notes",
    "desk_pins",
    "roster_rules",
    "calendar_days",
)


def upgrade() -> None:
    create_calendar_and_rosters()
    create_desk()
    create_closures_and_marks()
    create_waitlist()
    create_holds()
    add_columns()
    script = (SQL / f"0009_holds_{op.get_context().dialect.name}.sql").read_text("utf-8")
    for statement in script.split("--;\n"):
        op.get_bind().exec_driver_sql(statement)


def add_columns() -> None:
    types = TYPES[op.get_context().dialect.name]
    for table, column, definition in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition.format(**types)}")
    for name, table, columns, where, unique in INDEXES:
        op.create_index(
            name, table, columns, unique=unique, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
        )


INDEXES = (
    (
        "ix_bookings_personal",
        "bookings",
        ["ends_at"],
        "plate_cipher IS NOT NULL OR guest_cipher IS NOT NULL",
        False,
    ),
    ("ix_bookings_inside", "bookings", ["ends_at"], "state = 'checked_in'", False),
    ("uq_bookings_made_by_id_client_uuid", "bookings", ["made_by_id", "client_uuid"], "made_by_id IS NOT NULL", True),
    ("uq_bookings_moved_to_id", "bookings", ["moved_to_id"], "moved_to_id IS NOT NULL", True),
    ("ix_occupancy_hold_id", "occupancy", ["hold_id"], "hold_id IS NOT NULL", False),
)


def create_calendar_and_rosters() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('workday', 'restday', 'holiday')", name=op.f("ck_calendar_days_kind")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "roster_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=50), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("opens_minutes", sa.Integer(), nullable=False),
        sa.Column("closes_minutes", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "opens_minutes >= 0 AND opens_minutes < 1440 AND closes_minutes >= 0 AND closes_minutes <= 1440",
            name=op.f("ck_roster_rules_minutes"),
        ),
        sa.CheckConstraint("to_on IS NULL OR from_on < to_on", name=op.f("ck_roster_rules_days")),
        sa.CheckConstraint("weekday >= 0 AND weekday <= 6", name=op.f("ck_roster_rules_weekday")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_roster_rules_centre_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_roster_rules_service_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "service_id"], ["units.id", "units.service_id"], name=op.f("fk_roster_rules_unit_id_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_rules")),
    )
    op.create_index(op.f("ix_roster_rules_centre_id"), "roster_rules", ["centre_id"], unique=False)


def create_desk() -> None:
    op.create_table(
        "desk_pins",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_desk_pins_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_desk_pins")),
    )
    op.create_table(
        "shift_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("settle_text", sa.String(length=200), nullable=True),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("kind IN ('note', 'lost_property', 'handover')", name=op.f("ck_shift_notes_kind")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_shift_notes_author_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_shift_notes_centre_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["people.id"], name=op.f("fk_shift_notes_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_notes")),
        sa.UniqueConstraint("author_id", "client_uuid", name=op.f("uq_shift_notes_author_id_client_uuid")),
    )
    op.create_index(op.f("ix_shift_notes_centre_id_at"), "shift_notes", ["centre_id", "at"], unique=False)
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=8), nullable=True),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("guest_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("plate_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("refusal", sa.String(length=48), nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("settle_note", sa.String(length=200), nullable=True),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("kind IN ('arrival', 'walk_in', 'complete')", name=op.f("ck_arrivals_kind")),
        sa.CheckConstraint(
            "result IN ('admitted', 'repeat', 'conflict', 'marked', 'refused')", name=op.f("ck_arrivals_result")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_arrivals_actor_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_arrivals_booking_id")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_arrivals_centre_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_arrivals_service_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["people.id"], name=op.f("fk_arrivals_settled_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_arrivals_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
        sa.UniqueConstraint(
            "centre_id", "device_id", "client_uuid", name=op.f("uq_arrivals_centre_id_device_id_client_uuid")
        ),
    )
    op.create_index(op.f("ix_arrivals_booking_id"), "arrivals", ["booking_id"], unique=False)
    op.create_index(
        "ix_arrivals_open",
        "arrivals",
        ["centre_id"],
        unique=False,
        postgresql_where=sa.text("result = 'conflict' AND settled_at IS NULL"),
        sqlite_where=sa.text("result = 'conflict' AND settled_at IS NULL"),
    )


def create_closures_and_marks() -> None:
    op.create_table(
        "closures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("is_past", sa.Boolean(), nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('closed', 'broken', 'cleaning')", name=op.f("ck_closures_kind")),
        sa.CheckConstraint("ends_at IS NULL OR starts_at <= ends_at", name=op.f("ck_closures_times")),
        sa.CheckConstraint("unit_id IS NULL OR service_id IS NOT NULL", name=op.f("ck_closures_scope")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_closures_centre_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["people.id"], name=op.f("fk_closures_ended_by_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_closures_made_by_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_closures_service_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "service_id"], ["units.id", "units.service_id"], name=op.f("fk_closures_unit_id_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
        sa.UniqueConstraint("made_by_id", "client_uuid", name=op.f("uq_closures_made_by_id_client_uuid")),
    )
    op.create_index(op.f("ix_closures_centre_id_is_past"), "closures", ["centre_id", "is_past"], unique=False)
    op.create_table(
        "marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("waived_at", INSTANT, nullable=True),
        sa.Column("waive_reason", sa.String(length=100), nullable=True),
        sa.Column("contested_at", INSTANT, nullable=True),
        sa.Column("contest_text", sa.String(length=300), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("keep_reason", sa.String(length=100), nullable=True),
        sa.CheckConstraint("kind IN ('no_show', 'late_cancel')", name=op.f("ck_marks_kind")),
        sa.CheckConstraint("halves IN (1, 2)", name=op.f("ck_marks_halves")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_marks_booking_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["people.id"], name=op.f("fk_marks_decided_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_marks_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_marks_booking_id")),
    )
    op.create_index(
        "ix_marks_contested",
        "marks",
        ["contested_at"],
        unique=False,
        postgresql_where=sa.text("contested_at IS NOT NULL AND decided_at IS NULL"),
        sqlite_where=sa.text("contested_at IS NOT NULL AND decided_at IS NULL"),
    )
    op.create_index(op.f("ix_marks_person_id_at"), "marks", ["person_id", "at"], unique=False)


def create_waitlist() -> None:
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("guest_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("plate_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("min_minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=8), nullable=True),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("no_night_offers", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("instead_of_id", sa.Integer(), nullable=True),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'accepted', 'declined', 'lapsed', 'cancelled', 'served')",
            name=op.f("ck_waitlist_entries_state"),
        ),
        sa.CheckConstraint("zone IN ('male', 'female')", name=op.f("ck_waitlist_entries_zone")),
        sa.CheckConstraint("0 < min_minutes AND min_minutes <= minutes", name=op.f("ck_waitlist_entries_minutes")),
        sa.CheckConstraint("lapses >= 0 AND lapses <= 2", name=op.f("ck_waitlist_entries_lapses")),
        sa.CheckConstraint("party_size > 0", name=op.f("ck_waitlist_entries_party_size")),
        sa.CheckConstraint("person_id IS NOT NULL OR made_by_id IS NOT NULL", name=op.f("ck_waitlist_entries_person")),
        sa.CheckConstraint("starts_at < until_at", name=op.f("ck_waitlist_entries_times")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_waitlist_entries_booking_id")),
        sa.ForeignKeyConstraint(["instead_of_id"], ["bookings.id"], name=op.f("fk_waitlist_entries_instead_of_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_waitlist_entries_made_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_waitlist_entries_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_waitlist_entries_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entries")),
        sa.UniqueConstraint("code", name=op.f("uq_waitlist_entries_code")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_waitlist_entries_booking_id")),
        sa.UniqueConstraint("instead_of_id", name=op.f("uq_waitlist_entries_instead_of_id")),
        sa.UniqueConstraint("person_id", "client_uuid", name=op.f("uq_waitlist_entries_person_id_client_uuid")),
    )
    op.create_index(
        "ix_waitlist_entries_line",
        "waitlist_entries",
        ["service_id", "joined_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        sqlite_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_index(
        "uq_waitlist_entries_made_by_id_client_uuid",
        "waitlist_entries",
        ["made_by_id", "client_uuid"],
        unique=True,
        postgresql_where=sa.text("made_by_id IS NOT NULL"),
        sqlite_where=sa.text("made_by_id IS NOT NULL"),
    )
    op.create_index(
        "uq_waitlist_entries_waiting",
        "waitlist_entries",
        ["person_id", "service_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        sqlite_where=sa.text("state IN ('waiting', 'offered')"),
    )
    op.create_table(
        "waitlist_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_waitlist_events_actor_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["waitlist_entries.id"], name=op.f("fk_waitlist_events_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_events")),
        sa.UniqueConstraint("entry_id", "seq", name=op.f("uq_waitlist_events_entry_id_seq")),
    )


def create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("occupied_until", INSTANT, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("closure_id", sa.Integer(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("answer_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.CheckConstraint("(kind = 'offer') = (answer_until IS NOT NULL)", name=op.f("ck_holds_answer_until")),
        sa.CheckConstraint(
            "(kind = 'offer') = (entry_id IS NOT NULL) AND (kind = 'closure') = (closure_id IS NOT NULL)",
            name=op.f("ck_holds_cause"),
        ),
        sa.CheckConstraint("kind IN ('offer', 'closure')", name=op.f("ck_holds_kind")),
        sa.CheckConstraint("is_open = (outcome IS NULL)", name=op.f("ck_holds_outcome")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_holds_seats")),
        sa.CheckConstraint("starts_at < ends_at AND ends_at <= occupied_until", name=op.f("ck_holds_times")),
        sa.ForeignKeyConstraint(["closure_id"], ["closures.id"], name=op.f("fk_holds_closure_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["waitlist_entries.id"], name=op.f("fk_holds_entry_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_holds_service_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "service_id"], ["units.id", "units.service_id"], name=op.f("fk_holds_unit_id_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(
        "ix_holds_answer_until",
        "holds",
        ["answer_until"],
        unique=False,
        postgresql_where=sa.text("is_open"),
        sqlite_where=sa.text("is_open"),
    )
    op.create_index(op.f("ix_holds_closure_id"), "holds", ["closure_id"], unique=False)
    op.create_index(op.f("ix_holds_entry_id"), "holds", ["entry_id"], unique=False)
    op.create_index(op.f("ix_holds_service_id_starts_at"), "holds", ["service_id", "starts_at"], unique=False)
    op.create_index(
        "uq_holds_entry_open",
        "holds",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("is_open"),
        sqlite_where=sa.text("is_open"),
    )


def downgrade() -> None:
    """Holds go first, so that what they held is free again; then triggers, columns and tables."""
    op.execute("DELETE FROM holds")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TABLE holds CASCADE")  # the reference from occupancy goes with it
        for function in ("holds_occupy()", "holds_release()"):
            op.execute(f"DROP FUNCTION {function}")
    else:
        op.execute("DROP TRIGGER services_fixed_by_holds")
        op.execute("DROP TRIGGER services_edited_too")
        op.execute("DROP TABLE holds")
    for name, table, _, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    for table, column, _ in COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in TABLES:
        op.execute(f"DROP TABLE IF EXISTS {table}")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION calendar_changed()")
        restore_counters()


def restore_counters() -> None:
    """The function of 0003 again, which knows no holds."""
    script = (SQL / "0003_booking_postgresql.sql").read_text("utf-8")
    found = next(s for s in script.split("--;\n") if s.startswith("CREATE FUNCTION services_keep_counters()"))
    op.get_bind().exec_driver_sql(found.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
