"""What a tap does 一点就办: book, cancel, register, ask leave, submit. Only what was offered a moment ago."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from bot import booking_acts, phrasing, places
from bot.booking_acts import actor_of, booking_words
from bot.intents.booking import ask_to_cancel
from bot.messages import Handover, Part, Reply, Text
from bot.turn import Turn, client_key
from bot.understanding.slots import Wish, read_wish
from domain.errors import Conflict, Refusal
from services.activities import find_activity
from services.booking.bookings import Book, book, cancel
from services.booking.views import get_booking
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


# -- booking -------------------------------------------------------------------------------------------


def _book(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    assert context.cipher is not None
    moving = booking_acts.is_moving(turn, do["service"])
    if moving is not None:
        parts = booking_acts.move_to(turn, moving, do)
        context.remember(slot_taps=None, moving=None)
        return parts
    key = client_key(turn, "book", do["service"], do["start"], do["offered"])
    booked = book(
        context.session,
        Book(
            actor=actor_of(context),
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
    context.remember(slot_taps=None, moving=None)
    return [Text(template.format(code=booked.code, **booking_words(turn, booked)))]


def _cancel(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    booking = cancel(context.session, do["code"], actor=actor_of(context), now=context.now)
    template = phrasing.CANCELLED_LATE if booking.was_late_cancel else phrasing.CANCELLED
    return [Text(template.format(**booking_words(turn, booking)))]


def _ask_cancel(turn: Turn, do: Do) -> list[Part]:
    booking = get_booking(turn.context.session, do["code"], actor=actor_of(turn.context))
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


def _offer_move(turn: Turn, do: Do) -> list[Part]:
    """Free places for a booking that is to be moved, from some instant on."""
    booking = get_booking(turn.context.session, do["code"], actor=actor_of(turn.context))
    start = datetime.fromisoformat(do["after"])
    minutes = int((booking.end - booking.start).total_seconds() // 60)
    offered = places.offer(turn, booking.service, Wish(None, None, start, minutes, None, booking.zone))
    turn.context.remember(moving=booking.code)
    return [Text(phrasing.MOVE), *offered]


def _keep(turn: Turn, do: Do) -> list[Part]:
    return [Text(phrasing.KEPT)]


# -- activities ----------------------------------------------------------------------------------------


def _register(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    body = {"activity": do["code"]}
    key = client_key(turn, "register", do["code"], context.now.isoformat())
    _, activity, is_new = register(
        context.session, Register(do["code"], key, digest(body), source="bot"), actor=actor_of(context), now=context.now
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
    _, activity = cancel_registration(context.session, do["code"], actor=actor_of(context), now=context.now)
    return [Text(phrasing.UNREGISTERED.format(title=activity.title))]


def _leave(turn: Turn, do: Do) -> list[Part]:
    context = turn.context
    activity = find_activity(context.session, do["code"])
    reason = {"activity": activity.code, "reason_kind": do["reason_kind"], "reason": do["reason"]}
    key = client_key(turn, "leave", activity.code, context.now.isoformat())
    ask_leave(
        context.session,
        AskLeave(client_uuid=key, request_digest=digest(reason), **reason),
        actor=actor_of(context),
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
        actor=actor_of(context),
        now=context.now,
    )
    if submit:
        submit_demand(context.session, demand.code, actor=actor_of(context), now=context.now)
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
    "offer_move": ("booking", _offer_move, "改时间"),
    "late": ("booking", booking_acts.come_late, "查您的预约"),
    "extend": ("booking", booking_acts.stay_longer, "延时"),
    "wait": ("booking", booking_acts.wait, "候补"),
    "accept_offer": ("booking", booking_acts.answer_offer, "候补"),
    "decline_offer": ("booking", booking_acts.decline_offer, "候补"),
    "stop_waiting": ("booking", booking_acts.stop_waiting, "候补"),
    "keep": ("booking", _keep, ""),
    "register": ("checkin", _register, "报名"),
    "unregister": ("checkin", _unregister, "取消报名"),
    "leave": ("checkin", _leave, "请假"),
    "submit_draft": ("demand", _submit_draft, "提交诉求"),
    "save_draft": ("demand", _save_draft, "提交诉求"),
    "drop_draft": ("demand", _drop_draft, ""),
}
