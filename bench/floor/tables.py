"""The floor's tables and the rows it is filled with."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

PEOPLE = 5_000
SLOTS = 50
TICKETS = 60_000
UNBOUNDED = 10**9


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "floor_people"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)


class Note(Base):
    __tablename__ = "floor_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("floor_people.id"))
    text: Mapped[str]


class Slot(Base):
    __tablename__ = "floor_slots"
    id: Mapped[int] = mapped_column(primary_key=True)
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)


class Booking(Base):
    """A person holds a slot at most once."""

    __tablename__ = "floor_bookings"
    __table_args__ = (UniqueConstraint("slot_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("floor_slots.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("floor_people.id"))


class Ticket(Base):
    __tablename__ = "floor_tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(unique=True)


class CheckIn(Base):
    """A ticket enters once; a resend carries the same nonce."""

    __tablename__ = "floor_check_ins"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("floor_tickets.id"))
    nonce: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="entry")


ENTERS_ONCE = Index(
    "ix_floor_check_ins_entry",
    CheckIn.ticket_id,
    unique=True,
    postgresql_where=CheckIn.kind == "entry",
    sqlite_where=CheckIn.kind == "entry",
)


def fill(session: Session) -> None:
    """People, slots without end and tickets."""
    session.add_all(Person(id=number, code=f"p{number}") for number in range(1, PEOPLE + 1))
    session.add_all(Slot(id=number, capacity=UNBOUNDED, taken=0) for number in range(1, SLOTS + 1))
    session.add_all(Ticket(id=number, secret=f"t{number:06d}") for number in range(1, TICKETS + 1))
