"""Free places of a service, as cards to tap 空位. What is shown is what the app shows: one calculation."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot import phrasing
from bot.booking_acts import wait_tap
from bot.messages import Choice, Choices, Part, Slots, Text
from bot.turn import Turn, tap
from bot.understanding.slots import Wish
from bot.understanding.text import plain
from domain.availability import DayAvailability, Slot
from domain.booking import check_length
from domain.errors import Refusal
from domain.local_time import iso
from domain.service_types import ServiceFacts, zones_of
from retrieval.names import mentioned
from services.centre.catalogue import service_by_code
from services.centre.centres import availability, find_services

SHOWN = 6
USUAL = ("shower", "rest_night", "bay", "rest_short", "meal", "laundry", "legal")


def kind_of(service: ServiceFacts) -> str:
    """`DRIVER_HOME.shower` → shower."""
    return service.code.rpartition(".")[2].lower()


def usual_services(turn: Turn) -> list[ServiceFacts]:
    """Services people ask for most, of the first centre that has them."""
    found: dict[str, ServiceFacts] = {}
    for service in find_services(turn.context.session):
        if service.is_bookable:
            found.setdefault(kind_of(service), service)
    return sorted(found.values(), key=lambda s: USUAL.index(kind_of(s)) if kind_of(s) in USUAL else len(USUAL))


def find_service(turn: Turn, wish: Wish) -> ServiceFacts | None:
    """The service that is meant: by kind or by its own name, in the centre that is named, else the first."""
    services = find_services(turn.context.session)
    kind = wish.service
    said = mentioned(turn.clean, {s.name for s in services})
    named = [s for s in services if plain(s.name) in turn.clean or s.name == said]
    matching = [s for s in services if kind_of(s) == kind] if kind else []
    matching = matching or named
    if not matching and kind is None:
        kind = turn.context.memory.get("service_kind")
        matching = [s for s in services if kind_of(s) == kind] if kind else []
    in_centre = [s for s in matching if centre_named(s, turn.clean)]
    return next(iter(in_centre or matching), None)


def centre_named(service: ServiceFacts, clean: str) -> bool:
    """Whether the sentence names the centre of a service: any three characters of its name in a row."""
    name = plain(service.centre_name).replace("党群服务中心", "").replace("产业园", "")
    return any(name[at : at + 3] in clean for at in range(max(0, len(name) - 2)))


def offer(turn: Turn, service: ServiceFacts, wish: Wish) -> list[Part]:
    """Slots with a place near the wish. A tap on one takes it; nothing is taken before."""
    context = turn.context
    saved = context.actor.zone if context.actor else None
    zones = zones_of(service)
    zone = (wish.zone or saved) if zones else None
    if zones and context.actor is not None and zone not in zones:
        return [_ask_zone(turn, service, zones)]
    minutes = _length(service, wish)
    tz = service.opening.tz
    day = wish.day or context.now.astimezone(tz).date()
    found = availability(
        context.session, service.code, day, minutes=minutes, zone=zone, saved_zone=saved, now=context.now
    )
    context.remember(service_kind=kind_of(service), service=service.code)
    slots = [slot for slot in found.slots if slot.free > 0]
    exact = next((slot for slot in slots if wish.start and slot.start == wish.start), None)
    if exact is not None:
        return _exact(turn, service, exact, zone, minutes)
    near = _nearest(slots, wish, day, service)
    full = next((slot for slot in found.slots if wish.start and slot.start == wish.start), None)
    waiting = wait_tap(turn, service, full.start, minutes, zone) if full else None
    if not near:
        return [*_none_that_day(turn, service, found, zone, minutes), *_or_wait(waiting)]
    return [*_cards(turn, service, near, zone, minutes, day, wanted=wish.start), *_or_wait(waiting)]


def _or_wait(waiting: Choice | None) -> list[Part]:
    return [Choices(phrasing.WAIT_TOO, (waiting,))] if waiting else []


def _length(service: ServiceFacts, wish: Wish) -> int:
    if wish.minutes is not None:
        try:
            check_length(service, wish.minutes)
        except Refusal:
            return service.slot_minutes
        return wish.minutes
    return service.slot_minutes


def _ask_zone(turn: Turn, service: ServiceFacts, zones: tuple[str, ...]) -> Choices:
    names = {"male": "男区", "female": "女区"}
    taps = tuple(
        tap(names[zone], f"{names[zone]} {turn.text}"[:60], do="offer", service=service.code, zone=zone, said=turn.text)
        for zone in zones
        if zone in names
    )
    return Choices(phrasing.WHICH_ZONE, taps)


def _nearest(slots: list[Slot], wish: Wish, day: date, service: ServiceFacts) -> list[Slot]:
    """Up to six slots around the wished time, or inside the wished part of the day, in order of time."""
    if wish.start is not None:
        start = wish.start
        return sorted(sorted(slots, key=lambda s: abs(s.start - start))[:SHOWN], key=lambda s: s.start)
    if wish.window is not None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=service.opening.tz)
        first, last = (midnight + timedelta(hours=hours) for hours in wish.window)
        inside = [slot for slot in slots if first <= slot.start < last]
        if inside:
            return inside[:SHOWN]
    return slots[:SHOWN]


def _send(service: ServiceFacts, slot: Slot) -> str:
    start = slot.start.astimezone(service.opening.tz)
    return f"预约 {start.month}月{start.day}日 {phrasing.clock(start)} {service.name}"


def _book_tap(
    turn: Turn, service: ServiceFacts, slot: Slot, zone: str | None, minutes: int, label: str, *, asked: bool = False
) -> Choice:
    """The offer of this moment: tapping it twice is one booking."""
    return tap(
        label,
        _send(service, slot),
        do="book",
        asked=asked,
        service=service.code,
        start=slot.start.isoformat(),
        minutes=minutes,
        zone=zone,
        offered=turn.context.now.isoformat(),
    )


def _exact(turn: Turn, service: ServiceFacts, slot: Slot, zone: str | None, minutes: int) -> list[Part]:
    start = slot.start.astimezone(service.opening.tz)
    text = phrasing.SLOT_FREE.format(
        day=phrasing.day_text(start, turn.context.local_now),
        time=phrasing.span_text(start, slot.end.astimezone(service.opening.tz)),
        service=service.name,
        free=slot.free,
    )
    yes = _book_tap(turn, service, slot, zone, minutes, f"确认预约 {phrasing.clock(start)}", asked=True)
    other = tap(phrasing.OTHER_TIME, do="offer", service=service.code, day=start.date().isoformat(), zone=zone)
    return [Choices(text, (yes, other))]


def _cards(
    turn: Turn,
    service: ServiceFacts,
    slots: list[Slot],
    zone: str | None,
    minutes: int,
    day: date,
    *,
    wanted: datetime | None,
) -> list[Part]:
    tz = service.opening.tz
    shown_day = phrasing.day_text(slots[0].start.astimezone(tz), turn.context.local_now)
    text = phrasing.SLOTS.format(day=shown_day, service=service.name)
    if wanted is not None:
        text = phrasing.SLOT_TAKEN.format(
            day=phrasing.day_text(wanted.astimezone(tz), turn.context.local_now),
            time=phrasing.clock(wanted.astimezone(tz)),
            service=service.name,
        )
    items = tuple(
        {
            "start": iso(slot.start, tz),
            "end": iso(slot.end, tz),
            "free": slot.free,
            "send": _send(service, slot),
        }
        for slot in slots
    )
    turn.context.remember(
        slot_taps=[
            {"label": phrasing.clock(slot.start.astimezone(tz)), "send": choice.send, "do": choice.do}
            for slot in slots
            for choice in [_book_tap(turn, service, slot, zone, minutes, "")]
        ]
    )
    return [Slots({"code": service.code, "name": service.name}, day.isoformat(), items, text)]


def _none_that_day(
    turn: Turn, service: ServiceFacts, found: DayAvailability, zone: str | None, minutes: int
) -> list[Part]:
    if not service.is_bookable:
        return [Text(phrasing.WALK_IN.format(service=service.name, hours=""))]
    day = phrasing.day_text(
        datetime(found.day.year, found.day.month, found.day.day, 12, tzinfo=service.opening.tz), turn.context.local_now
    )
    if found.next_free is None:
        return [Text(phrasing.SLOTS_NONE.format(day=day, service=service.name))]
    start = found.next_free.start.astimezone(service.opening.tz)
    at = f"{phrasing.day_text(start, turn.context.local_now)} {phrasing.clock(start)}"
    text = phrasing.SLOTS_NEXT.format(day=day, service=service.name, next=at)
    return [Choices(text, (_book_tap(turn, service, found.next_free, zone, minutes, f"约 {at}"),))]


def next_free_text(turn: Turn, service: ServiceFacts, wish: Wish) -> str:
    """When the next place is free, in words."""
    context = turn.context
    saved = context.actor.zone if context.actor else None
    zone = wish.zone if wish.zone in zones_of(service) else None
    day = wish.day or context.now.astimezone(service.opening.tz).date()
    found = availability(context.session, service.code, day, zone=zone, saved_zone=saved, now=context.now).next_free
    if found is None:
        return ""
    start = found.start.astimezone(service.opening.tz)
    return phrasing.NEXT_FREE.format(
        next=f"{phrasing.day_text(start, context.local_now)} {phrasing.clock(start)}，说“预约{service.name}”就能订"
    )


def offer_by_code(turn: Turn, code: str, wish: Wish) -> list[Part]:
    """The same for a service a tap has named. Raises NotFound `unknown_service`."""
    service = service_by_code(turn.context.session, code)
    return offer(turn, service, replace(wish, service=kind_of(service)))
