"""What centre staff do with a booking 服务台: answer a request, let in, close, no-show, another unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.availability import is_usable
from domain.booking import check_arrival
from domain.booking_text import REASONS, UNIT_CHANGED, clock_text
from domain.codes import read_code
from domain.desk import at_minute_of
from domain.errors import Conflict, Invalid, NotAllowed, NotFound
from domain.local_time import iso
from domain.permissions import Actor, runs_desk
from services.booking import marks
from services.booking.gate import alternatives, open_booking
from services.booking.passes import verify_pass
from services.booking.states import moment_key, move_state, record_change, tell
from services.booking.views import BookingView, check_reader, links_of, list_events
from services.centre.occupancy import timeline_between
from services.desk.scope import desk_centre
from services.desk.walk_ins import named_unit

Keys = Mapping[str, bytes]
SHORTEST = timedelta(minutes=5)
ARRIVED_STATES = ("checked_in", "overstayed", "completed")
PLACED_STATES = ("confirmed", "checked_in", "overstayed")


@dataclass(frozen=True, slots=True)
class Arrive:
    """What a guest shows at a desk: the pass, or the code said aloud."""

    centre: str
    pass_text: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """The booking, and whether its guest was in already."""

    booking: BookingView
    repeated: bool = False


def confirm(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Say yes to a request for a room; the owner is told. Raises as `for_desk`; Conflict `booking_state`."""
    booking = for_desk(session, code, actor)
    moved = move_state(session, booking, "confirmed", actor_id=actor.person_id, now=now)
    if moved is not booking:
        tell(session, moved, "booking_confirmed", now=now)
    return moved


def refuse(session: Session, code: str, *, actor: Actor, reason: str | None = None, now: datetime) -> BookingView:
    """Say no to a request; the place is free again and the owner hears why and the next free time (decision 23).

    The reason in words goes to the owner's news alone: events hold codes (decision 10). Raises as `confirm`.
    """
    booking = for_desk(session, code, actor)
    moved = move_state(session, booking, "refused", actor_id=actor.person_id, now=now)
    if moved is not booking:
        tell(session, moved, "booking_cancelled", now=now, reason=_refusal_text(session, moved, reason, now))
    return moved


def check_in(
    session: Session, code: str, *, actor: Actor, now: datetime, pass_text: str | None = None, keys: Keys | None = None
) -> BookingView:
    """Let a guest in (到店); a pass that comes along has to be this booking's.

    Raises Conflict `too_early`, `stay_over`, `booking_state`; Invalid `pass_invalid`.
    """
    if pass_text is not None and verify_pass(pass_text, keys or {}).code != read_code(code):
        raise Invalid("pass_invalid")
    return let_in(session, for_desk(session, code, actor), actor_id=actor.person_id, now=now)


def let_in(
    session: Session, booking: BookingView, *, actor_id: int, at: datetime | None = None, now: datetime, **how: str
) -> BookingView:
    """Check a booking in that is expected now, or was `at` that moment. Raises as `check_in`."""
    if booking.state == "confirmed":
        check_arrival(booking.start, booking.end, booking.service.opening.tz, now=at or now)
    return move_state(session, booking, "checked_in", actor_id=actor_id, now=now, reason=how.get("reason"))


def arrive(session: Session, arrival: Arrive, *, actor: Actor, keys: Keys, now: datetime) -> Arrived:
    """Let a guest in by the pass or the code they show at this centre; shown again it answers as the first time.

    Raises NotFound `unknown_centre`, `unknown_booking`; NotAllowed `not_allowed`; Invalid `pass_invalid`; Conflict
    `pass_other_centre` with that centre's name, `pass_moved` with the new code, `pass_used` once the stay is over; and
    as `check_in`.
    """
    centre = desk_centre(session, arrival.centre, actor)
    code = arrival.code or ""
    if arrival.pass_text is not None:
        code = verify_pass(arrival.pass_text, keys).code
    booking = open_booking(session, code)
    if booking.service.centre_id != centre.id:
        if arrival.pass_text is None:
            raise NotFound("unknown_booking")
        raise Conflict("pass_other_centre", centre=booking.service.centre_name)
    if booking.state == "moved":
        raise Conflict("pass_moved", moved_to=links_of(session, booking).moved_to)
    if booking.state not in ARRIVED_STATES:
        return Arrived(let_in(session, booking, actor_id=actor.person_id, now=now))
    if booking.state == "completed" or now >= booking.end:
        raise Conflict("pass_used", at=_arrived_at(session, booking))
    return Arrived(booking, repeated=True)


def complete(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Close a stay (离店): whoever leaves early frees the rest, after the cleaning."""
    return close_stay(session, for_desk(session, code, actor), actor_id=actor.person_id, at=now, now=now)


def close_stay(
    session: Session, booking: BookingView, *, actor_id: int, at: datetime, now: datetime, **how: str
) -> BookingView:
    """Close a stay that ended at that moment. Raises Conflict `booking_state`."""
    until = stay_until(booking, at)
    return move_state(
        session, booking, "completed", actor_id=actor_id, now=now, reason=how.get("reason"), occupied_until=until
    )


def stay_until(booking: BookingView, left_at: datetime) -> datetime:
    """What a stay still takes once the guest has left: the cleaning after it, never more than before."""
    freed = at_minute_of(left_at) + timedelta(minutes=booking.service.cleaning_minutes)
    return min(max(freed, booking.start + SHORTEST), booking.occupied_until)


def no_show(session: Session, code: str, *, actor: Actor, now: datetime) -> BookingView:
    """Say that nobody came (没来): only once the place is no longer kept, congestion included; a mark is written.

    Raises Conflict `grace_runs` with until when it is kept, `booking_state`.
    """
    booking = for_desk(session, code, actor)
    if booking.state == "confirmed" and now < booking.kept_until:
        raise Conflict("grace_runs", until=iso(booking.kept_until, booking.service.opening.tz))
    return marks.no_show(session, booking, actor_id=actor.person_id, now=now)


def change_unit(session: Session, code: str, no: str, *, actor: Actor, now: datetime) -> BookingView:
    """Place a guest in another unit (换位) of their zone, for the whole of the stay; the owner is told.

    Raises NotFound `unknown_unit`; Conflict `zone_not_served`, `closed_now`, `unit_taken`, `booking_state`.
    """
    booking = for_desk(session, code, actor)
    if booking.state not in PLACED_STATES or booking.unit_id is None:
        raise Conflict("booking_state", state=booking.state)
    service = booking.service
    unit = named_unit(service, no, booking.zone)
    if unit.id == booking.unit_id:
        return booking
    timeline = timeline_between(session, service.id, booking.start, booking.occupied_until)
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    free = timeline.is_free(unit.id, booking.start, booking.occupied_until)
    if not (free and is_usable(service, unit.id, max(booking.start, at_minute_of(now)), _left(booking, minutes, now))):
        raise Conflict("unit_taken", longest_minutes=0, until=iso(booking.start, service.opening.tz))
    changed = record_change(
        session, booking, reason=f"unit:{unit.no}", actor_id=actor.person_id, unit_id=unit.id, now=now
    )
    tell(session, changed, "booking_changed", key=moment_key(now), now=now, news=UNIT_CHANGED.format(unit=unit.no))
    return changed


def _left(booking: BookingView, minutes: int, now: datetime) -> int:
    """How many of its minutes are still to come."""
    return max(5, min(minutes, int((booking.end - at_minute_of(now)).total_seconds() // 60)))


def _arrived_at(session: Session, booking: BookingView) -> str:
    """When the guest was let in."""
    inside = [event.at for event in list_events(session, booking.id) if event.to_state == "checked_in"]
    return iso(inside[-1] if inside else booking.start, booking.service.opening.tz)


def for_desk(session: Session, code: str, actor: Actor) -> BookingView:
    """A booking of a centre where somebody is on duty; for another desk it does not exist (NotFound `unknown_booking`).

    Raises NotAllowed `not_allowed` for its owner: nobody lets themselves in.
    """
    booking = check_reader(open_booking(session, code), actor)
    if not runs_desk(actor, booking.service.centre_id):
        raise NotAllowed("not_allowed")
    return booking


def _refusal_text(session: Session, booking: BookingView, reason: str | None, now: datetime) -> str:
    service = booking.service
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    free = alternatives(session, service, booking.start, minutes, booking.zone, booking.party_size, now=now)
    text = REASONS["refused"] + (f"原因：{reason}。" if reason else "")
    if free:
        text += f"可改约 {clock_text(free[0].start, service.opening.tz)}。"
    return text
