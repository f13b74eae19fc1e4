"""What a tap does 一点就办: book, cancel, register, ask leave, submit. Only what was offered a moment ago."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bot import phrasing, places
from bot.context import BotContext
from bot.intents.booking import ask_to_cancel
from bot.intents.checkin import client_key
from bot.messages import Handover, Part, Reply, Text
from bot.turn import Turn
from bot.understanding.slots import Wish, read_wish
from domain.errors import Conflict, Refusal
from services.activities import find_activity
from services.booking_views import BookingView, get_booking
from services.bookings import Book, book, cancel
from services.conversations import transcript
from services.demands import CreateDemand, create_demand, submit_demand
from services.idempotency import digest
from services.registrations import AskLeave, Register, ask_leave, cancel_registration, register

Do = dict[str, Any]
Action = Callable[[Turn, Do], list[Part]]


def act(turn: Turn, do: Do) -> Reply:
    """Perform a tap; a refusal undoes it and is said in its own words, with what can be done instead."""
    kind = str(do["do"])
    intent, action, needs = ACTIONS[kind]
    if needs and turn.context.actor is None:
        return _acted(intent, kind, [Text(phrasing.SIGN_IN_FOR.format(what=needs))])
    try:
        with turn.context.session.begin_nested():
            parts = action(turn, do)
    except Refusal as refusal:
        parts = _refused(turn, do, refusal)
    return _acted(intent, kind, parts)


def _acted(intent: str, kind: str, parts: list[Part]) -> Reply:
    return Reply(intent, tuple(parts), 1.0, {"rule": f"tap:{kind}", "matched": []})


def _refused(turn: Turn, do: Do, refusal: Refusal) -> list[Part]:
    said = Text(phrasing.FAILED.format(reason=refusal.message))
    if do["do"] == "book" and isinstance(refusal, Conflict) and refusal.code in ("slot_full", "closed_then"):
        start = datetime.fromisoformat(do["start"])
        wish = Wish(None, None, start, do.get("minutes"), None, do.get("zone"))
        local = start.astimezone(turn.context.timezone)
        return [said, *places.offer_by_code(turn, do["service"], _on(wish, local))]
    return [said]


def _on(wish: Wish, local: datetime) -> Wish:
    return Wish(wish.service, local.date(), local, wish.minutes, None, wish.zone)


def _actor(context: BotContext) -> Any:
    assert context.actor is not None
    return context.actor


# -- booking -------------------------------------------------------------------------------------------


def _book(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    assert context.cipher is not None
    key = client_key(turn, "book", do["service"], do["start"], do["offered"])
    booked = book(
        context.session,
        Book(
            actor=_actor(context),
            service=do["service"],
            start=datetime.fromisoformat(do["start"]),
            client_uuid=UUID(key),
            minutes=do.get("minutes"),
            zone=do.get("zone"),
            source="bot",
        ),
        cipher=context.cipher,
        now=context.now,
    ).booking
    template = phrasing.BOOKED if booked.state == "confirmed" else phrasing.REQUESTED
    context.remember(slot_taps=None)
    done = Text(template.format(code=booked.code, **_booking_words(turn, booked)))
    return [done, *_instead_of(turn, booked)]


def _instead_of(turn: Turn, booked: BookingView) -> list[Part]:
    """After a new time was taken for a booking that was to be moved: whether the old one goes."""
    code = turn.context.memory.pop("moving", None)
    if code is None:
        return []
    old = get_booking(turn.context.session, code, actor=_actor(turn.context))
    is_open = old.state in ("requested", "confirmed") and old.service.code == booked.service.code
    return [ask_to_cancel(turn, old)] if is_open and old.code != booked.code else []


def _booking_words(turn: Turn, booking: BookingView) -> dict[str, str]:
    zone = booking.service.opening.tz
    start, end = booking.start.astimezone(zone), booking.end.astimezone(zone)
    return {
        "day": phrasing.day_text(start, turn.context.local_now),
        "time": phrasing.span_text(start, end),
        "service": booking.service.name,
        "unit": f" {booking.unit_no}" if booking.unit_no else "",
        "grace": phrasing.clock(booking.grace_until.astimezone(zone)),
    }


def _cancel(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    booking = cancel(context.session, do["code"], actor=_actor(context), now=context.now)
    template = phrasing.CANCELLED_LATE if booking.was_late_cancel else phrasing.CANCELLED
    return [Text(template.format(**_booking_words(turn, booking)))]


def _ask_cancel(turn: Turn, do: Do) -> list[Part]:

    booking = get_booking(turn.context.session, do["code"], actor=_actor(turn.context))
    return [ask_to_cancel(turn, booking)]


def _offer(turn: Turn, do: Do) -> list[Part]:
    said = str(do.get("said") or "")
    wish = read_wish(said, said, turn.context.local_now)
    day = date.fromisoformat(do["day"]) if do.get("day") else wish.day
    start = datetime.fromisoformat(do["after"]) if do.get("after") else wish.start
    return places.offer_by_code(
        turn,
        do["service"],
        Wish(None, start.date() if start else day, start, wish.minutes, wish.part, do.get("zone") or wish.zone),
    )


def _keep(turn: Turn, do: Do) -> list[Part]:
    return [Text(phrasing.KEPT)]


# -- activities ----------------------------------------------------------------------------------------


def _register(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    body = {"activity": do["code"]}
    key = client_key(turn, "register", do["code"], context.now.isoformat())
    _, activity, is_new = register(
        context.session, Register(do["code"], key, digest(body), source="bot"), actor=_actor(context), now=context.now
    )
    start = activity.starts.astimezone(context.timezone)
    template = phrasing.REGISTERED if is_new else phrasing.REGISTERED_ALREADY
    return [
        Text(
            template.format(
                title=activity.title,
                day=phrasing.day_text(start, context.local_now),
                time=phrasing.clock(start),
                place=activity.place,
            )
        )
    ]


def _unregister(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    _, activity = cancel_registration(context.session, do["code"], actor=_actor(context), now=context.now)
    return [Text(phrasing.UNREGISTERED.format(title=activity.title))]


def _leave(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    activity = find_activity(context.session, do["code"])
    reason = {"activity": activity.code, "reason_kind": do["reason_kind"], "reason": do["reason"]}
    key = client_key(turn, "leave", activity.code, context.now.isoformat())
    ask_leave(
        context.session,
        AskLeave(client_uuid=key, request_digest=digest(reason), **reason),
        actor=_actor(context),
        now=context.now,
    )
    return [Text(phrasing.LEAVE_ASKED.format(title=activity.title))]


# -- demands -------------------------------------------------------------------------------------------


def _store_draft(turn: Turn, *, submit: bool) -> list[Part]:
    context = turn.context
    made: dict[str, str] | None = context.memory.get("draft")
    if made is None:
        return [Text(phrasing.CHOICE_GONE)]
    said = transcript(context.session, context.conversation_id, now=context.now) if context.conversation_id else []
    demand, _ = create_demand(
        context.session,
        CreateDemand(
            category=made["category"],
            title=made["title"],
            text=made["text"],
            channel="bot",
            org=turn.message.org or context.memory.get("org"),
            transcript=tuple(said),
        ),
        actor=_actor(context),
        now=context.now,
    )
    if submit:
        submit_demand(context.session, demand.code, actor=_actor(context), now=context.now)
    context.remember(draft=None, draft_taps=None)
    text = (phrasing.SUBMITTED if submit else phrasing.SAVED).format(code=demand.code)
    return [Handover(text, made, demand.code)]


def _submit_draft(turn: Turn, do: Do) -> list[Part]:
    return _store_draft(turn, submit=True)


def _save_draft(turn: Turn, do: Do) -> list[Part]:
    return _store_draft(turn, submit=False)


def _drop_draft(turn: Turn, do: Do) -> list[Part]:
    turn.context.remember(draft=None, draft_taps=None)
    return [Text(phrasing.DROPPED)]


# tap → intent it belongs to, what it does, what a guest must sign in for
ACTIONS: dict[str, tuple[str, Action, str]] = {
    "book": ("booking", _book, "预约"),
    "cancel": ("booking", _cancel, "取消预约"),
    "ask_cancel": ("booking", _ask_cancel, "取消预约"),
    "offer": ("booking", _offer, ""),
    "keep": ("booking", _keep, ""),
    "register": ("checkin", _register, "报名"),
    "unregister": ("checkin", _unregister, "取消报名"),
    "leave": ("checkin", _leave, "请假"),
    "submit_draft": ("demand", _submit_draft, "提交诉求"),
    "save_draft": ("demand", _save_draft, "提交诉求"),
    "drop_draft": ("demand", _drop_draft, ""),
}
