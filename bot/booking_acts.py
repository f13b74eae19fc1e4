"""What a tap does to one's booking 改预约: come late, stay longer, move, wait, answer an offer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import phrasing
from bot.context import BotContext
from bot.messages import Choice, Choices, Part, Text
from bot.turn import Turn, client_key, tap
from domain.errors import Conflict
from domain.permissions import Actor
from domain.service_types import ServiceFacts
from domain.waitlist import WAITING_STATES, can_wait
from services.booking.changes import Move, move
from services.booking.extension import Extend, extend
from services.booking.lateness import Late, late
from services.booking.views import BookingView, get_booking
from services.waitlist import answering as waitlist
from services.waitlist.joining import Join, join
from services.waitlist.standing import positions
from services.waitlist.views import EntryView, list_own_entries

Do = dict[str, Any]


def actor_of(context: BotContext) -> Actor:
    """Who taps; taps that need somebody are refused for guests before they come here."""
    assert context.actor is not None
    return context.actor


def booking_words(turn: Turn, booking: BookingView) -> dict[str, str]:
    """A booking's day, time, service, unit and deadline in words."""
    zone = booking.service.opening.tz
    start, end = booking.start.astimezone(zone), booking.end.astimezone(zone)
    return {
        "day": phrasing.day_text(start, turn.context.local_now),
        "time": phrasing.span_text(start, end),
        "service": booking.service.name,
        "unit": f" {booking.unit_no}" if booking.unit_no else "",
        "grace": phrasing.clock(booking.kept_until.astimezone(zone)),
        "end": phrasing.clock(end),
    }


def come_late(turn: Turn, do: Do) -> list[Part]:
    """晚到: the place is kept longer; where the next guest comes, what can be chosen instead."""
    context = turn.context
    command = Late(actor_of(context), do["code"], int(do["minutes"]), do.get("choice", "keep"))
    outcome = late(context.session, command, now=context.now)
    words = booking_words(turn, outcome.booking)
    if outcome.conflict is None:
        return [Text(phrasing.LATE_KEPT.format(**words))]
    choices = [_late_choice(outcome.booking, command.minutes, c) for c in outcome.conflict.details["choices"]]
    return [Choices(phrasing.LATE_CONFLICT.format(**words), tuple(choices))]


def _late_choice(booking: BookingView, minutes: int, choice: Do) -> Choice:
    again = {"do": "late", "code": booking.code, "minutes": minutes, "choice": choice["choice"]}
    if choice["choice"] == "other_unit":
        return tap(f"换到 {choice['unit']}", f"换到 {choice['unit']} {booking.code}", **again)
    if choice["choice"] == "shorten":
        return tap(f"只用剩下的 {choice['minutes']} 分钟", f"只用剩下的时间 {booking.code}", **again)
    after = (booking.start + timedelta(minutes=minutes)).isoformat()
    return tap("改晚一点", f"改晚一点 {booking.code}", do="offer_move", code=booking.code, after=after)


def stay_longer(turn: Turn, do: Do) -> list[Part]:
    """延长: so many minutes more, in the same place."""
    context = turn.context
    seen = datetime.fromisoformat(do["seen_end"])
    try:
        booking = extend(
            context.session, Extend(actor_of(context), do["code"], int(do["minutes"]), seen), now=context.now
        )
    except Conflict as refusal:
        if refusal.code != "extend_conflict":
            raise
        most = int(refusal.details.get("max_minutes") or 0)
        if most <= 0:
            return [Text(phrasing.EXTEND_FULL)]
        shorter = tap(
            f"延长 {most} 分钟", do="extend", asked=True, code=do["code"], minutes=most, seen_end=do["seen_end"]
        )
        return [Choices(phrasing.EXTEND_LESS.format(most=most), (shorter, tap("不用了", do="keep")))]
    return [Text(phrasing.EXTENDED.format(**booking_words(turn, booking)))]


def move_to(turn: Turn, code: str, do: Do) -> list[Part]:
    """改时间: the old place is kept until the new one is there."""
    context = turn.context
    assert context.cipher is not None
    start = datetime.fromisoformat(do["start"])
    key = UUID(client_key(turn, "move", code, do["start"], do["offered"]))
    command = Move(actor_of(context), code, start, do.get("minutes"), do.get("zone"), client_uuid=key)
    booking = move(context.session, command, cipher=context.cipher, now=context.now).booking
    template = phrasing.MOVED if booking.state == "confirmed" else phrasing.REQUESTED
    return [Text(template.format(code=booking.code, **booking_words(turn, booking)))]


def is_moving(turn: Turn, service_code: str) -> str | None:
    """The booking that is being moved, where the new place is of the same service and it still can be."""
    code = turn.context.memory.get("moving")
    if code is None:
        return None
    old = get_booking(turn.context.session, code, actor=actor_of(turn.context))
    same = old.service.code == service_code and old.state in ("requested", "confirmed")
    return old.code if same else None


# -- waiting -------------------------------------------------------------------------------------------


def wait_tap(turn: Turn, service: ServiceFacts, start: datetime, minutes: int, zone: str | None) -> Choice | None:
    """候补: the tap that waits for a full time; None where one cannot wait."""
    if not can_wait(service) or start <= turn.context.now:
        return None
    local = start.astimezone(service.opening.tz)
    return tap(
        f"候补 {phrasing.clock(local)}",
        f"候补 {local.month}月{local.day}日 {phrasing.clock(local)} {service.name}",
        do="wait",
        service=service.code,
        start=start.isoformat(),
        minutes=minutes,
        zone=zone,
        offered=turn.context.now.isoformat(),
    )


def wait(turn: Turn, do: Do) -> list[Part]:
    """Get in line; whoever waits already hears where they stand."""
    context = turn.context
    assert context.cipher is not None
    key = UUID(client_key(turn, "wait", do["service"], do["start"], do["offered"]))
    command = Join(
        actor_of(context), do["service"], datetime.fromisoformat(do["start"]), key, do.get("minutes"),
        zone=do.get("zone"),
    )  # fmt: skip
    try:
        entry = join(context.session, command, cipher=context.cipher, now=context.now).entry
    except Conflict as refusal:
        if refusal.code == "already_waiting":
            return standing_parts(turn)
        raise
    return _entry_parts(turn, entry, phrasing.WAITING)


def answer_offer(turn: Turn, do: Do) -> list[Part]:
    """要这个空位."""
    context = turn.context
    assert context.cipher is not None
    entry = waitlist.accept(
        context.session, do["entry"], actor=actor_of(context), cipher=context.cipher, now=context.now
    )
    booking = get_booking(context.session, entry.booking_code or "", actor=actor_of(context))
    return [Text(phrasing.BOOKED.format(code=booking.code, **booking_words(turn, booking)))]


def decline_offer(turn: Turn, do: Do) -> list[Part]:
    """不要这个空位: it goes to the next."""
    waitlist.decline(turn.context.session, do["entry"], actor=actor_of(turn.context), now=turn.context.now)
    return [Text(phrasing.DECLINED_OFFER)]


def stop_waiting(turn: Turn, do: Do) -> list[Part]:
    """退出候补."""
    waitlist.cancel(turn.context.session, do["entry"], actor=actor_of(turn.context), now=turn.context.now)
    return [Text(phrasing.WAIT_ENDED)]


def standing_parts(turn: Turn) -> list[Part]:
    """Where one stands in each line one waits in; nothing where one waits in none."""
    context = turn.context
    if context.actor is None:
        return []
    entries, _ = list_own_entries(context.session, context.actor.person_id)
    waiting = [entry for entry in entries if entry.state_at(context.now) in WAITING_STATES]
    return [part for entry in waiting[:2] for part in _entry_parts(turn, entry, phrasing.STANDING)]


def _entry_parts(turn: Turn, entry: EntryView, template: str) -> list[Part]:
    zone, now = entry.service.opening.tz, turn.context.now
    if entry.offer is not None and entry.is_open_to_answer(now):
        return [_offer_choices(turn, entry)]
    start = entry.start.astimezone(zone)
    place = positions(turn.context.session, [entry], now=now).get(entry.id, 1)
    text = template.format(
        day=phrasing.day_text(start, turn.context.local_now),
        time=phrasing.span_text(start, entry.until.astimezone(zone)),
        service=entry.service.name,
        place=place,
    )
    return [Choices(text, (tap("退出候补", f"退出候补 {entry.code}", do="stop_waiting", entry=entry.code),))]


def _offer_choices(turn: Turn, entry: EntryView) -> Choices:
    offer, zone = entry.offer, entry.service.opening.tz
    assert offer is not None
    start, end = offer.start.astimezone(zone), offer.end.astimezone(zone)
    text = phrasing.OFFERED.format(
        day=phrasing.day_text(start, turn.context.local_now),
        time=phrasing.span_text(start, end),
        service=entry.service.name,
        until=phrasing.clock(offer.answer_until.astimezone(zone)),
    )
    yes = tap("要这个空位", f"要这个空位 {entry.code}", do="accept_offer", asked=True, entry=entry.code)
    return Choices(
        text, (yes, tap("不要，给下一位", f"不要这个空位 {entry.code}", do="decline_offer", entry=entry.code))
    )
