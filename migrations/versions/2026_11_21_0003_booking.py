"""Centres with their catalogue, bookings, and the database guards of occupied time (decision 19).

The triggers and the exclusion constraints are in `migrations/sql/0003_booking_*.sql`.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0003_booking"
down_revision = "0002_platform"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SQL = Path(__file__).resolve().parent.parent / "sql"
FUNCTIONS = (
    "catalogue_changed()",
    "centres_pass_number()",
    "centres_renumber()",
    "catalogue_number()",
    "services_keep_counters()",
    "bookings_occupy()",
    "bookings_release()",
    "bookings_check_unit()",
    "pool_cell(timestamptz, integer)",
    "booking_holds(text)",
)


def upgrade() -> None:
    create_catalogue()
    create_bookings()
    create_occupancy()
    create_guards()


def create_guards() -> None:
    script = (SQL / f"0003_booking_{op.get_context().dialect.name}.sql").read_text("utf-8")
    for statement in script.split("--;\n"):
        op.get_bind().exec_driver_sql(statement)


def create_catalogue() -> None:
    op.create_table(
        "centres",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("code_key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("tz", sa.String(length=40), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("contact", sa.String(length=40), nullable=True),
        sa.Column("way_in", sa.String(length=300), nullable=True),
        sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("catalogue_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_centres_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centres")),
        sa.UniqueConstraint("code_key", name=op.f("uq_centres_code_key")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("code_key", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("cell_minutes", sa.Integer(), nullable=False),
        sa.Column("min_minutes", sa.Integer(), nullable=False),
        sa.Column("max_minutes", sa.Integer(), nullable=False),
        sa.Column("cleaning_minutes", sa.Integer(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("walkin_permille", sa.Integer(), nullable=False),
        sa.Column("booking_required", sa.Boolean(), nullable=False),
        sa.Column("is_bookable", sa.Boolean(), nullable=False),
        sa.Column("who_may_book", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("max_future_per_person", sa.Integer(), nullable=True),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("provider_org_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("catalogue_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("(kind = 'pool') = (capacity IS NOT NULL)", name=op.f("ck_services_capacity")),
        sa.CheckConstraint("kind IN ('unit', 'pool', 'desk', 'room')", name=op.f("ck_services_kind")),
        sa.CheckConstraint(
            "0 < min_minutes AND min_minutes <= max_minutes AND max_minutes <= 1440", name=op.f("ck_services_minutes")
        ),
        sa.CheckConstraint(
            "slot_minutes > 0 AND step_minutes > 0 AND cell_minutes > 0 AND cleaning_minutes >= 0"
            " AND grace_minutes >= 0 AND slot_minutes % 5 = 0 AND step_minutes % 5 = 0 AND cell_minutes % 5 = 0"
            " AND cleaning_minutes % 5 = 0 AND grace_minutes % 5 = 0",
            name=op.f("ck_services_multiples_of_five"),
        ),
        sa.CheckConstraint(
            "walkin_permille >= 0 AND walkin_permille <= 1000", name=op.f("ck_services_walkin_permille")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_services_centre_id")),
        sa.ForeignKeyConstraint(["provider_org_id"], ["orgs.id"], name=op.f("fk_services_provider_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("code_key", name=op.f("uq_services_code_key")),
    )
    op.create_index(op.f("ix_services_centre_id"), "services", ["centre_id"])
    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("no", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=8), nullable=True),
        sa.Column("is_accessible", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('ok', 'cleaning', 'broken')", name=op.f("ck_units_state")),
        sa.CheckConstraint("zone IN ('male', 'female', 'family', 'any')", name=op.f("ck_units_zone")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_units_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("id", "service_id", name=op.f("uq_units_id_service_id")),
        sa.UniqueConstraint("service_id", "no", name=op.f("uq_units_service_id_no")),
    )
    op.create_table(
        "opening_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("opens_minutes", sa.Integer(), nullable=False),
        sa.Column("closes_minutes", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "opens_minutes >= 0 AND opens_minutes < 1440 AND closes_minutes >= 0 AND closes_minutes <= 1440",
            name=op.f("ck_opening_rules_minutes"),
        ),
        sa.CheckConstraint("weekday >= 0 AND weekday <= 6", name=op.f("ck_opening_rules_weekday")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_opening_rules_centre_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_opening_rules_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_rules")),
    )
    op.create_index(op.f("ix_opening_rules_centre_id"), "opening_rules", ["centre_id"])
    op.create_index(op.f("ix_opening_rules_service_id"), "opening_rules", ["service_id"])
    op.create_table(
        "opening_exceptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("opens_minutes", sa.Integer(), nullable=True),
        sa.Column("closes_minutes", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.CheckConstraint("from_on < to_on", name=op.f("ck_opening_exceptions_days")),
        sa.CheckConstraint(
            "is_closed = (opens_minutes IS NULL AND closes_minutes IS NULL)", name=op.f("ck_opening_exceptions_hours")
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_opening_exceptions_centre_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_opening_exceptions_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_exceptions")),
    )
    op.create_index(op.f("ix_opening_exceptions_centre_id"), "opening_exceptions", ["centre_id"])
    op.create_table(
        "centre_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("centre_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("message", sa.String(length=300), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('congestion', 'closure', 'hours')", name=op.f("ck_centre_notices_kind")),
        sa.CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name=op.f("ck_centre_notices_times")),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_centre_notices_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_notices")),
    )
    op.create_index(op.f("ix_centre_notices_centre_id"), "centre_notices", ["centre_id"])


def create_bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=8), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("occupied_until", INSTANT, nullable=False),
        sa.Column("grace_until", INSTANT, nullable=False),
        sa.Column("hold_until", INSTANT, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("plate_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("plate_hash", sa.String(length=64), nullable=True),
        sa.Column("plate_tail_hash", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("overlap_allowed", sa.Boolean(), nullable=False),
        sa.Column("was_late_cancel", sa.Boolean(), nullable=False),
        sa.Column("reminded_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("client_uuid", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(state = 'requested') = (hold_until IS NOT NULL)", name=op.f("ck_bookings_hold_until")),
        sa.CheckConstraint("person_id IS NOT NULL OR source IN ('walkin', 'desk')", name=op.f("ck_bookings_person")),
        sa.CheckConstraint("source IN ('app', 'bot', 'walkin', 'desk')", name=op.f("ck_bookings_source")),
        sa.CheckConstraint(
            "state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed', 'cancelled', 'no_show',"
            " 'moved', 'displaced', 'refused', 'lapsed')",
            name=op.f("ck_bookings_state"),
        ),
        sa.CheckConstraint("zone IN ('male', 'female')", name=op.f("ck_bookings_zone")),
        sa.CheckConstraint("party_size > 0", name=op.f("ck_bookings_party_size")),
        sa.CheckConstraint("starts_at < ends_at AND starts_at < occupied_until", name=op.f("ck_bookings_times")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bookings_person_id")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_bookings_service_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "service_id"], ["units.id", "units.service_id"], name=op.f("fk_bookings_unit_id_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("code", name=op.f("uq_bookings_code")),
        sa.UniqueConstraint("person_id", "client_uuid", name=op.f("uq_bookings_person_id_client_uuid")),
    )
    op.create_index(
        "ix_bookings_ahead",
        "bookings",
        ["starts_at"],
        postgresql_where=sa.text("state IN ('requested', 'confirmed')"),
        sqlite_where=sa.text("state IN ('requested', 'confirmed')"),
    )
    op.create_index(op.f("ix_bookings_person_id_ends_at"), "bookings", ["person_id", "ends_at"])
    op.create_index(op.f("ix_bookings_service_id_starts_at"), "bookings", ["service_id", "starts_at"])
    op.create_table(
        "booking_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_booking_events_actor_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_booking_events_booking_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_events")),
        sa.UniqueConstraint("booking_id", "seq", name=op.f("uq_booking_events_booking_id_seq")),
    )


def create_occupancy() -> None:
    op.create_table(
        "occupancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(unit_id IS NULL) = (taken IS NOT NULL AND capacity IS NOT NULL)", name=op.f("ck_occupancy_shape")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_occupancy_times")),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name=op.f("ck_occupancy_capacity")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_occupancy_booking_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_occupancy_service_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_occupancy_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    op.create_index(op.f("ix_occupancy_booking_id"), "occupancy", ["booking_id"])
    op.create_index(
        op.f("ix_occupancy_service_id_starts_at_ends_at"), "occupancy", ["service_id", "starts_at", "ends_at"]
    )
    op.create_index(op.f("ix_occupancy_unit_id_ends_at"), "occupancy", ["unit_id", "ends_at"])
    op.create_index(
        "uq_occupancy_cell",
        "occupancy",
        ["service_id", "starts_at"],
        unique=True,
        postgresql_where=sa.text("unit_id IS NULL"),
        sqlite_where=sa.text("unit_id IS NULL"),
    )


def downgrade() -> None:
    for table in (
        "occupancy",
        "booking_events",
        "bookings",
        "centre_notices",
        "opening_exceptions",
        "opening_rules",
        "units",
        "services",
        "centres",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}")
