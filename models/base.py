"""What every table shares: constraint names, UTC instants, time stamps, client keys."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Aware in Python; timestamptz on PostgreSQL; fixed-width UTC text on SQLite.

    The text sorts like the instant, so triggers and range queries compare it as it is. A naive
    datetime is refused: half of all time bugs start with one.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class KeptInstant(TypeDecorator[datetime]):
    """An instant as it is read by the thousand: SQLite's text is turned into the same object each time it comes."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return _instant_of(value) if isinstance(value, str) else value


@lru_cache(maxsize=50_000)
def _instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: dict[Any, Any] = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy reads it as is


class Timestamped:
    """When the row came to be. Set by the service from its `now`, never by the database clock."""

    created_at: Mapped[datetime] = mapped_column()


class ClientKeyed:
    """A row that a phone may send twice: the client's key and a digest of what it asked for.

    Add `UniqueConstraint("<owner>_id", "client_uuid")`; compare with `services.idempotency`.
    """

    client_uuid: Mapped[str | None] = mapped_column(String(36))
    request_digest: Mapped[str | None] = mapped_column(String(64))
