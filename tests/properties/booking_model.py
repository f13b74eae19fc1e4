"""A centre on paper: the rules of booking, small and slow, to hold beside the product.

It imports nothing of the product. Time is whole minutes from a local midnight, every question is answered by looking
at everything there is, and nothing is remembered that could be worked out. Where the rules leave a choice (which of
the free units, which part of a wished time) the model is told the choice and says whether it was allowed: `Wrong`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

DAY = 1440
HOLDING = ("requested", "confirmed", "checked_in", "completed", "overstayed")
ACTIVE = ("requested", "confirmed", "checked_in")
MOVES: Mapping[str | None, Collection[str]] = {
    None: ("requested", "confirmed", "checked_in"),
    "requested": ("confirmed", "refused", "lapsed", "cancelled", "moved", "displaced"),
    "confirmed": ("checked_in", "cancelled", "no_show", "moved", "displaced"),
    "checked_in": ("completed", "overstayed"),
    "overstayed": ("completed",),
}
UNDONE: Mapping[str, Collection[str]] = {
    "checked_in": ("confirmed",),
    "completed": ("checked_in", "overstayed"),
    "no_show": ("confirmed",),
}
WALK_IN_NOTICE = 30
LATE_CANCEL = 10
LONGEST_DELAY = 90
WORTH_KEEPING = 30
ANSWER_BY_DAY, ANSWER_BY_NIGHT = 10, 20
NIGHT_FROM, NIGHT_UNTIL = 22 * 60, 7 * 60
MARKS_LIMIT, MARKS_COUNT_FOR, RESTRICTED_FOR, SAME_HOUR = 6, 30 * DAY, 7 * DAY, 60


class Wrong(AssertionError):
    """The product did what the rules do not allow."""


@dataclass(frozen=True)
class Unit:
    no: str
    zone: str | None = None
    is_broken: bool = False


@dataclass(frozen=True)
class Service:
    """Units, or seats where there are none."""

    code: str
    units: tuple[Unit, ...] = ()
    seats: int = 0
    step: int = 30
    cleaning: int = 0
    grace: int = 15
    walkin_permille: int = 0
    longest: int = 120
    is_overnight: bool = False

    def serves(self, unit: Unit, zone: str | None) -> bool:
        """Zones are hard; a unit of any zone, or of none, serves every zone; `family` is for staff to give."""
        return zone is None or unit.zone in (None, "any", zone)

    def of_zone(self, zone: str) -> set[str]:
        return {unit.no for unit in self.units if unit.zone == zone}

    def kept_for_walk_ins(self) -> set[str]:
        """Per zone the last ⌊share × n⌋ units by number that work."""
        kept: set[str] = set()
        for zone in {unit.zone for unit in self.units}:
            works = [unit.no for unit in self.units if unit.zone == zone and not unit.is_broken]
            share = len(works) * self.walkin_permille // 1000
            kept.update(works[len(works) - share :])
        return kept


@dataclass(frozen=True)
class Claim:
    """Taken time: a unit, or seats of a pool where `unit` is None; `of` is a booking or the entry of an offer."""

    of: object
    unit: str | None
    start: int
    until: int
    seats: int = 1


@dataclass(frozen=True)
class Booking:
    code: str
    who: str | None
    service: str
    unit: str | None
    zone: str | None
    start: int
    end: int
    until: int
    grace_until: int
    state: str
    seats: int = 1
    late: int = 0


@dataclass(frozen=True)
class Entry:
    """A wish in the wait-list; the lowest rank is first in line."""

    id: str
    who: str | None
    service: str
    zone: str | None
    start: int
    until: int
    minutes: int
    shortest: int
    rank: int
    seats: int = 1
    state: str = "waiting"
    lapses: int = 0
    no_nights: bool = False


@dataclass(frozen=True)
class Offer:
    """A place kept for an entry until its answer is due."""

    entry: str
    unit: str | None
    start: int
    end: int
    until: int
    answer_until: int
    seats: int = 1


@dataclass(frozen=True)
class Closure:
    """A unit is out of use; who is there when it begins stays to the end."""

    id: str
    service: str
    unit: str
    start: int
    until: int


@dataclass(frozen=True)
class Jam:
    """A congestion notice: bookings that start in it are kept longer, and nobody is marked for missing one."""

    start: int
    until: int
    minutes: int


@dataclass(frozen=True)
class Mark:
    """爽约记录 in halves: two for a no-show, one for a late cancel."""

    who: str
    booking: str
    at: int
    halves: int


def is_night(now: int) -> bool:
    return now % DAY >= NIGHT_FROM or now % DAY < NIGHT_UNTIL


def answer_minutes(now: int) -> int:
    return ANSWER_BY_NIGHT if is_night(now) else ANSWER_BY_DAY


def explained(events: Sequence[tuple[str | None, str, str | None]], state: str) -> bool:
    """Whether (from, to, reason) events lead step by step from nothing to that state, each step an allowed one."""
    at: str | None = None
    for came_from, to, reason in events:
        undone = reason == "undo" and at is not None and to in UNDONE.get(at, ())
        changed = came_from == to and reason is not None
        stays_on = (at, to) == ("overstayed", "checked_in") and str(reason).startswith("extend")
        if came_from != at or not (undone or changed or stays_on or to in MOVES.get(at, ())):
            return False
        at = to
    return at == state


@dataclass
class Centre:
    """What is booked, offered, closed and waited for."""

    services: Mapping[str, Service]
    bookings: dict[str, Booking] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    closures: dict[str, Closure] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    jams: list[Jam] = field(default_factory=list)
    moved_late: set[str] = field(default_factory=set)
    """What took the place of a booking that was moved within its last ten minutes."""
    undecided: set[str] = field(default_factory=set)
    """Who said to be late and has not chosen yet."""
    let_lapse: dict[str, list[Claim]] = field(default_factory=dict)
    """What an entry did not answer for: somebody else's turn."""
    had_since: set[Claim] = field(default_factory=set)
    """Of these, what somebody else was given or offered after."""

    # -- what is free -------------------------------------------------------------------------------------------

    def claims(self, service: str) -> Iterator[Claim]:
        step = self.services[service].step
        for booking in self.bookings.values():
            if booking.service == service and booking.state in HOLDING and booking.start < booking.until:
                first = booking.start if booking.unit else booking.start // step * step
                until = booking.until if booking.unit else -(-booking.until // step) * step
                yield Claim(booking.code, booking.unit, first, until, booking.seats)
        for offer in self.offers.values():
            if self.entries[offer.entry].service == service:
                yield Claim(offer.entry, offer.unit, offer.start, offer.until, offer.seats)

    def is_closed(self, service: str, unit: str | None, start: int, until: int) -> bool:
        """Whether that unit is closed for a part of [start, until)."""
        return any(
            (closure.service, closure.unit) == (service, unit) and closure.start < until and start < closure.until
            for closure in self.closures.values()
        )

    def has_room(
        self,
        service: str,
        unit: str | None,
        start: int,
        until: int,
        seats: int = 1,
        *,
        without: Iterable[object] = (),
        kept: int = 0,
        also: Sequence[Claim] = (),
    ) -> bool:
        """Whether that unit, or so many seats, are untaken at every minute of [start, until); `also` is taken too."""
        gone = set(without)
        others = [claim for claim in self.claims(service) if claim.of not in gone and claim.unit == unit]
        others += [claim for claim in also if claim.unit == unit]
        if unit is not None:
            return not self.is_closed(service, unit, start, until) and self._is_untaken(others, start, until)
        size = self.services[service].seats - kept
        return all(
            seats + sum(claim.seats for claim in others if claim.start <= minute < claim.until) <= size
            for minute in range(start, until)
        )

    @staticmethod
    def _is_untaken(others: Iterable[Claim], start: int, until: int) -> bool:
        return all(claim.until <= start or until <= claim.start for claim in others)

    def places(
        self,
        service: str,
        start: int,
        end: int,
        *,
        zone: str | None,
        seats: int = 1,
        now: int,
        by_staff: bool = False,
        without: Iterable[object] = (),
        also: Sequence[Claim] = (),
    ) -> list[str | None]:
        """Every unit that could be given for [start, end), or [None] where a pool has the seats."""
        facts, without = self.services[service], list(without)
        held_back = not by_staff and start - now > WALK_IN_NOTICE
        if not facts.units:
            kept = facts.seats * facts.walkin_permille // 1000 if held_back else 0
            has_room = self.has_room(service, None, start, end, seats, without=without, kept=kept, also=also)
            return [None] if has_room else []
        kept_units = facts.kept_for_walk_ins() if held_back else set()
        return [
            unit.no
            for unit in facts.units
            if (by_staff if unit.zone == "family" else facts.serves(unit, zone))
            and not unit.is_broken
            and unit.no not in kept_units
            and self.has_room(service, unit.no, start, end + facts.cleaning, without=without, also=also)
        ]

    # -- whom a person is ---------------------------------------------------------------------------------------

    def is_elsewhere(self, who: str | None, start: int, end: int, *, without: Iterable[object] = ()) -> bool:
        """Whether that person has another place at that time."""
        gone = set(without)
        return any(
            booking.who == who and booking.state in ACTIVE and booking.start < end and start < booking.end
            for booking in self.bookings.values()
            if who is not None and booking.code not in gone
        )

    def restricted_until(self, who: str | None, now: int) -> int | None:
        """Three marks within thirty days: for seven days from the third, only walk-in and the same hour."""
        mine = sorted((mark for mark in self.marks if mark.who == who), key=lambda mark: mark.at)
        for last in mine:
            counted = [mark for mark in mine if last.at - MARKS_COUNT_FOR < mark.at <= last.at]
            over = last.at + RESTRICTED_FOR
            if sum(mark.halves for mark in counted) >= MARKS_LIMIT and now < over:
                return over
        return None

    def is_refused_for_marks(self, who: str | None, service: str, start: int, now: int) -> bool:
        """Overnight rest is never refused for marks."""
        if self.services[service].is_overnight or start - now <= SAME_HOUR:
            return False
        return self.restricted_until(who, now) is not None

    # -- what happens to a booking ------------------------------------------------------------------------------

    def give(self, booking: Booking, *, now: int, by_staff: bool = False, without: Iterable[object] = ()) -> None:
        """A place is given: it must have been free, and its taken time must hold the stay and the cleaning."""
        facts = self.services[booking.service]
        if booking.code in self.bookings:
            raise Wrong(f"{booking.code} was given twice")
        free = self.places(
            booking.service,
            booking.start,
            booking.end,
            zone=booking.zone,
            seats=booking.seats,
            now=now,
            by_staff=by_staff,
            without=without,
        )
        if booking.unit not in free:
            raise Wrong(f"{booking} was given where only {free} was free")
        if booking.unit in facts.of_zone("family") and set(free) - facts.of_zone("family"):
            raise Wrong(f"{booking} was given a family unit although {free} was free")
        if booking.until < booking.end + (facts.cleaning if facts.units else 0):
            raise Wrong(f"{booking} leaves no time for cleaning")
        self.bookings[booking.code] = booking
        self._had_by(booking.who, booking.unit, booking.start, booking.until)

    def _had_by(self, who: str | None, unit: str | None, start: int, until: int) -> None:
        for entry, missed in self.let_lapse.items():
            if who is None or self.entries[entry].who != who:
                self.had_since.update(c for c in missed if c.unit == unit and c.start < until and start < c.until)

    def turn(self, code: str, state: str, *, undo: bool = False, **changes: int) -> Booking:
        """A booking changes its state, by one of the allowed ways."""
        before = self.bookings[code]
        if not (undo and state in UNDONE.get(before.state, ())) and state not in MOVES.get(before.state, ()):
            raise Wrong(f"{code} went from {before.state} to {state}")
        after = replace(before, state=state, **changes)  # type: ignore[arg-type]
        self.bookings[code] = after
        return after

    def cancel(self, code: str, *, now: int) -> None:
        """Free until the start; within the last ten minutes it is half a mark, but none in a jam."""
        gone = self.turn(code, "cancelled")
        if gone.who is not None and self._is_late(gone, now) and not self.jam(gone):
            self.marks.append(Mark(gone.who, code, now, 1))

    def _is_late(self, booking: Booking, now: int) -> bool:
        """Giving up is late within ten minutes of the start, also by moving first and cancelling then."""
        return booking.start - now < LATE_CANCEL or booking.code in self.moved_late

    def move(self, code: str, new: Booking, *, now: int, without: Iterable[object] = ()) -> None:
        """Old and new at once: the own old place is no hindrance, and is free only when the new one is taken."""
        self.give(new, now=now, without=[code, *without])
        if self._is_late(self.turn(code, "moved"), now):
            self.moved_late.add(new.code)

    def can_stay_longer(self, code: str, minutes: int, *, start: int | None = None) -> bool:
        """Whether the same place is free for so much longer."""
        booking = self.bookings[code]
        cleaning = self.services[booking.service].cleaning
        since = booking.end if start is None else start
        return self.has_room(
            booking.service, booking.unit, since, booking.end + minutes + cleaning, booking.seats, without=[code]
        )

    def late(self, code: str, minutes: int, seen: Booking, *, now: int) -> None:
        """Once, before the deadline, by at most 90 minutes: the deadline moves; the end may follow it."""
        before = self._may_be_late(code, minutes, now)
        if not before.end <= seen.end <= before.end + minutes:
            raise Wrong(f"{before} ends at {seen.end} after being {minutes} late")
        self._stretch(before, replace(seen, state=before.state, late=minutes))
        self._keep_until(before, minutes, seen)
        self.undecided.discard(code)

    def ask_about_late(self, code: str, minutes: int, seen: Booking, *, now: int) -> None:
        """Another comes next: there is something to choose; who does nothing keeps what remains of the stay."""
        before = self._may_be_late(code, minutes, now)
        if seen == before and before.end - (before.start + minutes) < WORTH_KEEPING:
            return
        self._keep_until(before, minutes, seen)
        self.bookings[code] = replace(before, late=minutes, grace_until=seen.grace_until)
        self.undecided.add(code)

    def _may_be_late(self, code: str, minutes: int, now: int) -> Booking:
        before = self.bookings[code]
        is_again = bool(before.late) and code not in self.undecided
        if before.state != "confirmed" or is_again or now > self.kept_until(before) or not 0 < minutes <= LONGEST_DELAY:
            raise Wrong(f"{before} was allowed to be {minutes} late")
        return before

    def _keep_until(self, before: Booking, minutes: int, seen: Booking) -> None:
        """The deadline moves by the last answer, not by the sum of two, and never past the stay."""
        wanted = before.grace_until - before.late + minutes
        if seen.grace_until != wanted and not before.grace_until <= seen.grace_until <= seen.end <= wanted:
            raise Wrong(f"{before}: its place is kept until {seen.grace_until}")

    def extend(self, code: str, minutes: int, seen: Booking, *, now: int) -> None:
        """A stay goes on where the place is free; who had overstayed is a guest again."""
        before = self.bookings[code]
        if seen.end != before.end + minutes or seen.unit != before.unit:
            raise Wrong(f"{before} extended by {minutes} became {seen}")
        state = "checked_in" if before.state == "overstayed" and now < seen.end else before.state
        self._stretch(before, replace(seen, state=state))

    def _stretch(self, before: Booking, after: Booking) -> None:
        """The time that is new must be untaken."""
        facts = self.services[before.service]
        zone_kept = after.unit == before.unit or any(
            unit.no == after.unit and facts.serves(unit, before.zone) for unit in facts.units
        )
        cleaning = facts.cleaning if facts.units else 0
        if not zone_kept or after.until < after.end + cleaning:
            raise Wrong(f"{before} became {after}")
        since = before.until if after.unit == before.unit else before.start
        if since < after.until and not self.has_room(
            before.service, after.unit, since, after.until, after.seats, without=[before.code]
        ):
            raise Wrong(f"{after} was given time that is taken")
        self.bookings[before.code] = after

    def jam(self, booking: Booking) -> int:
        """By how much longer it is kept for congestion."""
        return sum(jam.minutes for jam in self.jams if jam.start <= booking.start < jam.until)

    def kept_until(self, booking: Booking) -> int:
        return booking.grace_until + self.jam(booking)

    def report_jam(self, jam: Jam) -> None:
        """Counts also for who has missed or late cancelled a booking in it already."""
        self.jams.append(jam)
        self.marks = [mark for mark in self.marks if not self.jam(self.bookings[mark.booking])]

    def no_show(self, code: str, *, now: int) -> None:
        """Only past its deadline; one whole mark, but none in a jam."""
        gone = self.turn(code, "no_show")
        if now < self.kept_until(gone):
            raise Wrong(f"{gone} was given up before its time")
        if gone.who is not None and not self.jam(gone):
            self.marks.append(Mark(gone.who, code, now, 2))

    def complete(self, code: str, seen: Booking, *, now: int) -> None:
        """Who leaves early gives the rest back, after the cleaning."""
        before = self.bookings[code]
        cleaning = self.services[before.service].cleaning if before.unit else 0
        if not min(before.until, now + cleaning) <= seen.until <= before.until:
            raise Wrong(f"{before} left at {now} and became {seen}")
        self.turn(code, "completed", end=seen.end, until=seen.until)

    def undo(self, code: str, former: Booking, seen: Booking) -> None:
        """Back to what it was, on the place it had if that is still free."""
        before = self.bookings[code]
        former = former if before.state == "completed" else before  # who completed gave the rest back
        self.turn(code, seen.state, undo=True)
        if (seen.unit, seen.start) != (former.unit, former.start) or seen.end > former.end:
            raise Wrong(f"{former} was brought back as {seen}")
        others = [claim for claim in self.claims(seen.service) if claim.unit == seen.unit and claim.of != code]
        if seen.unit is not None and not self._is_untaken(others, seen.start, seen.until):
            raise Wrong(f"{seen} was brought back where another is")
        self.bookings[code] = seen
        if seen.state == "confirmed":
            self.marks = [mark for mark in self.marks if mark.booking != code]

    def overdue(self, now: int) -> set[str]:
        """Who has not come although the place was kept long enough."""
        return {b.code for b in self.bookings.values() if b.state == "confirmed" and self.kept_until(b) < now}

    # -- the wait-list ------------------------------------------------------------------------------------------

    def waiting(self, service: str) -> list[Entry]:
        """First come first, whoever was given an offer is not waiting."""
        found = [entry for entry in self.entries.values() if entry.service == service and entry.state == "waiting"]
        return sorted(found, key=lambda entry: entry.rank)

    def fits(self, entry: Entry, *, now: int) -> bool:
        """Whether an offer to that entry would surely be right now: its whole wish, later than its answer is due."""
        if entry.no_nights and is_night(now):
            return False
        step = self.services[entry.service].step
        first = -(-max(entry.start, now + answer_minutes(now)) // step) * step
        return any(
            not self.is_elsewhere(entry.who, start, start + entry.minutes)
            and not self.is_refused_for_marks(entry.who, entry.service, start, now)
            and not self._has_offer_at(entry, start, start + entry.minutes)
            and self._places_for(entry, start, start + entry.minutes, self.let_lapse.get(entry.id, []), now=now)
            for start in range(first, entry.until - entry.minutes + 1, step)
        )

    def _places_for(self, entry: Entry, start: int, end: int, missed: Sequence[Claim], *, now: int) -> list[str | None]:
        return self.places(entry.service, start, end, zone=entry.zone, seats=entry.seats, now=now, also=missed)

    def _has_offer_at(self, entry: Entry, start: int, end: int) -> bool:
        return any(
            self.entries[offer.entry].who == entry.who and offer.start < end and start < offer.end
            for offer in self.offers.values()
            if entry.who is not None
        )

    def offer(self, offer: Offer, *, now: int) -> None:
        """One offer more: nobody before them fits, it is within the wish, the place is free, the deadline right."""
        entry = self.entries[offer.entry]
        passed_over = [other.id for other in self.waiting(entry.service) if other.rank < entry.rank]
        passed_over = [other for other in passed_over if self.fits(self.entries[other], now=now)]
        if passed_over:
            raise Wrong(f"{offer} was made while {passed_over} waited longer and would fit")
        if entry.state != "waiting":
            raise Wrong(f"{entry} was made an offer")
        if not (entry.start <= offer.start and offer.end <= entry.until):
            raise Wrong(f"{offer} is outside the wish of {entry}")
        if not entry.shortest <= offer.end - offer.start <= entry.minutes:
            raise Wrong(f"{offer} is too short or too long for {entry}")
        missed = [claim for claim in self.let_lapse.get(entry.id, []) if claim not in self.had_since]
        free = self._places_for(entry, offer.start, offer.end, missed, now=now)
        if offer.unit not in free:
            raise Wrong(f"{offer} was made where only {free} was free")
        if offer.answer_until != min(now + answer_minutes(now), offer.end):
            raise Wrong(f"{offer} made at {now} is to be answered by {offer.answer_until}")
        if entry.no_nights and is_night(now):
            raise Wrong(f"{offer} was made at night against the wish of {entry}")
        self.entries[entry.id] = replace(entry, state="offered")
        self.offers[entry.id] = offer
        self._had_by(entry.who, offer.unit, offer.start, offer.until)

    def left_over(self, service: str, *, now: int) -> list[str]:
        """Who waits although there is a place."""
        return [entry.id for entry in self.waiting(service) if self.fits(entry, now=now)]

    def accept(self, entry: str, booking: Booking, *, now: int) -> None:
        """The offered place, just as it was offered, before the answer was due."""
        offer = self.offers.pop(entry)
        if now > offer.answer_until:
            raise Wrong(f"{offer} was accepted at {now}")
        if (booking.unit, booking.start, booking.end) != (offer.unit, offer.start, offer.end):
            raise Wrong(f"{offer} became {booking}")
        self.bookings[booking.code] = booking
        self.entries[entry] = replace(self.entries[entry], state="accepted")

    def end_offer(self, entry: str, state: str) -> None:
        """Declined or cancelled: the place is free again, the entry is over."""
        self.offers.pop(entry, None)
        self.entries[entry] = replace(self.entries[entry], state=state)

    def lapse(self, entry: str, *, now: int) -> None:
        """Not answered: the first time the entry keeps its place in the line, the second time it is over."""
        offer = self.offers[entry]
        if now < offer.answer_until:
            raise Wrong(f"{offer} ran out at {now}")
        del self.offers[entry]
        before = self.entries[entry]
        missed = Claim(entry, offer.unit, offer.start, offer.until, offer.seats)
        self.let_lapse.setdefault(entry, []).append(missed)
        state = "waiting" if before.lapses == 0 else "lapsed"
        self.entries[entry] = replace(before, state=state, lapses=before.lapses + 1)

    def withdraw(self, entry: str) -> None:
        """We take an offer back (the place is closed): the entry waits on, where it stood."""
        self.offers.pop(entry)
        self.entries[entry] = replace(self.entries[entry], state="waiting")

    def expire(self, entry: str, *, now: int) -> None:
        """The wished time is over: nothing of it that is long enough is left."""
        before = self.entries[entry]
        if before.until - before.shortest >= now:
            raise Wrong(f"{before} was ended at {now}")
        self.entries[entry] = replace(before, state="lapsed")

    def got_a_place(self, booking: Booking) -> list[str]:
        """Whose wish a booking made another way fulfils: the entries of that person for a time that holds it."""
        return [
            entry.id
            for entry in self.entries.values()
            if entry.who is not None
            and (entry.who, entry.service) == (booking.who, booking.service)
            and entry.state in ("waiting", "offered")
            and entry.start <= booking.start
            and booking.end <= entry.until
            and booking.end - booking.start >= entry.shortest
        ]

    # -- closing ------------------------------------------------------------------------------------------------

    def rehouse(self, seen: Booking, closure: Closure) -> None:
        """A booking in the way of a closure gets another unit of its zone at the same time."""
        before = self.bookings[seen.code]
        if seen != replace(before, unit=seen.unit) or seen.unit == closure.unit:
            raise Wrong(f"{before} became {seen} for {closure}")
        facts = self.services[before.service]
        family = facts.of_zone("family")
        if not any(unit.no == seen.unit and facts.serves(unit, before.zone) for unit in facts.units) and (
            seen.unit not in family
        ):
            raise Wrong(f"{seen} is in another zone")
        if not self.has_room(seen.service, seen.unit, seen.start, seen.until, without=[seen.code]):
            raise Wrong(f"{seen} was put where another is")
        self.bookings[seen.code] = seen
        self._had_by(seen.who, seen.unit, seen.start, seen.until)

    def in_the_way(self, closure: Closure) -> list[Booking]:
        """Bookings whose stay a closure hits, be it not their cleaning; who is there stays."""
        return [
            booking
            for booking in self.bookings.values()
            if booking.service == closure.service
            and booking.unit == closure.unit
            and booking.state in ("requested", "confirmed")
            and booking.start < closure.until
            and closure.start < booking.end
        ]

    # -- what must hold at every moment -------------------------------------------------------------------------

    def check(self) -> None:
        """Taken times of a unit never meet; seats never exceed; nobody is in two places; one offer has one entry."""
        for service in self.services:
            self._check_claims(service, list(self.claims(service)))
        for closure in self.closures.values():
            self._check_closure(closure)
        for booking in self.bookings.values():
            active = booking.state in ACTIVE
            if active and self.is_elsewhere(booking.who, booking.start, booking.end, without=[booking.code]):
                raise Wrong(f"{booking.who} is in two places at {booking.start}")
        if {entry.id for entry in self.entries.values() if entry.state == "offered"} != set(self.offers):
            raise Wrong(f"{self.offers} do not belong to who is offered")

    def _check_claims(self, service: str, claims: Sequence[Claim]) -> None:
        for claim in claims:
            others = [other for other in claims if other.unit == claim.unit and other.of != claim.of]
            if (claim.unit is None) == bool(self.services[service].units):
                raise Wrong(f"{claim} is no place of {service}")
            if claim.unit is not None and not self._is_untaken(others, claim.start, claim.until):
                raise Wrong(f"{claim} meets another of {others}")
            if claim.unit is None and not self.has_room(
                service, None, claim.start, claim.until, claim.seats, without=[claim.of]
            ):
                raise Wrong(f"{claim} is one too many of {others}")

    def _check_closure(self, closure: Closure) -> None:
        if self.in_the_way(closure):
            raise Wrong(f"{self.in_the_way(closure)} are in a unit that is closed: {closure}")
        offered = [one for one in self.offers.values() if self.entries[one.entry].service == closure.service]
        if any(one.unit == closure.unit and one.start < closure.until and closure.start < one.end for one in offered):
            raise Wrong(f"{offered} are in a unit that is closed: {closure}")
