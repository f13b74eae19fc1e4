"""What can happen at a centre, in any order: the product is asked, the model says whether its answer was right."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.properties import booking_model as model
from tests.properties.product import BOOKING_JOBS, Answer, Product, Seen, Workshop, instant, iso, minute

PEOPLE = ("甲", "乙", "丙", "丁", "戊", "己", "庚")
DESK = "desk"
SHOWER = model.Service(
    "shower",
    tuple(model.Unit(no, zone) for no, zone in (("M1", "male"), ("M2", "male"), ("F1", "female"), ("F2", "family"))),
    cleaning=10,
    walkin_permille=500,
)
LOUNGE = model.Service("lounge", seats=2)
RUSH = (
    ("甲", 1, "male", False),
    ("乙", 1, "female", False),
    ("丙", 2, "male", True),
    ("丁", 4, "male", False),
    ("戊", 4, "female", False),
)
CLOCKS = (10 * 60, 21 * 60 + 40, 23 * 60 + 20, 6 * 60 + 30)
UNDO_FOR = 15
EARLY = 30
FIRST_IN_LINE = 10_000
NO_PLACE = {"slot_full", "closed_now"}

which = st.integers(0, 11)
ahead = st.integers(0, 4)
lengths = st.sampled_from([30, 60, 90])
people = st.sampled_from(PEOPLE)
zones = st.sampled_from(["male", "female"])


class BookingMachine(RuleBasedStateMachine):
    """Each rule asks the product for something, and says by the model whether the answer was right."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__()
        self._open = ExitStack()
        self.product: Product = self._open.enter_context(workshop.product())
        self.centre = model.Centre({})
        self.now = 0
        self.offers: dict[int, str] = {}
        self.turned: dict[str, tuple[int, model.Booking]] = {}
        self.walk_ins: set[str] = set()
        self.last: tuple[str, str, dict[str, Any], str] | None = None
        self.joined = 0
        self._known: dict[str, model.Booking] = {}
        self._left: set[str] = set()

    def teardown(self) -> None:
        self._open.close()

    @initialize(at=st.sampled_from(CLOCKS), line=st.lists(st.tuples(people, which), max_size=6))
    def open(self, at: int, line: list[tuple[str, int]]) -> None:
        """A full morning, evening or night, and some who wait for a place in it."""
        self._set_clock(at)
        services = self.product.set_up({"shower": SHOWER, "lounge": LOUNGE}, PEOPLE)
        self.centre = model.Centre(services)
        self.shower, self.lounge = services
        for who, slot, zone, pool in RUSH:
            self.book(who, slot, 60, zone, 2, pool)
        for who, pick in line:
            self.join_a_full_time(who, pick, 30, 0)

    # -- the driver ---------------------------------------------------------------------------------------------

    @rule(who=people, slot=ahead, minutes=lengths, zone=zones, seats=st.integers(1, 2), pool=st.booleans())
    def book(self, who: str, slot: int, minutes: int, zone: str, seats: int, pool: bool) -> None:
        wish = self._wish(slot, minutes, zone, seats, pool)
        surely, perhaps = self._why_not(who, wish)
        answer = self._create(who, "/bookings", **wish)
        if answer.code is not None:
            self._refused(answer, perhaps)
            self._settle(self.product.seen())
            return
        assert not surely, f"given although {surely}: {answer.body}"
        seen = self.product.seen()
        booking = seen.bookings[answer.body["code"]]
        assert (booking.who, booking.start, booking.end) == (who, minute_of(wish), minute_of(wish) + minutes)
        self.centre.give(booking, now=self.now, without=self._own_offers(who, booking.service))
        self._served_otherwise(booking, seen)
        self._settle(seen)

    @precondition(lambda self: self.has("confirmed"))
    @rule(pick=which, wanted=st.booleans())
    def cancel(self, pick: int, wanted: bool) -> None:
        """Somebody's booking, or one that others wait for."""
        found = [booking for booking in self.centre.bookings.values() if booking.state == "confirmed"]
        found = [booking for booking in found if self._is_wanted(booking)] if wanted else found
        if not found:
            return
        booking = found[pick % len(found)]
        answer = self.product.post(booking.who or DESK, f"/bookings/{booking.code}/cancel")
        if answer.code is not None:
            assert self.now >= booking.start, f"cannot cancel: {answer.body}"
        else:
            self.centre.cancel(booking.code, now=self.now)
            if booking.who is None:
                self.centre.marks = [mark for mark in self.centre.marks if mark.booking != booking.code]
        self._settle(self.product.seen())

    @precondition(lambda self: self.has("confirmed"))
    @rule(pick=which, slot=ahead, minutes=lengths)
    def move(self, pick: int, slot: int, minutes: int) -> None:
        booking = self._one(pick, "confirmed", mine=True)
        if booking is None or self.now >= booking.start:
            return
        wish = self._wish(slot, minutes, booking.zone, booking.seats, booking.service == self.lounge)
        surely, perhaps = self._why_not(booking.who, wish, moved=booking.code)
        if minute_of(wish) == booking.start and (booking.late or minutes == booking.end - booking.start):
            perhaps = {*perhaps, "nothing_to_move"}
            surely = surely if booking.late else perhaps  # being late stretched the stay; either length may be meant
        body = {"start": wish["start"], "minutes": minutes, "client_uuid": str(uuid4())}
        path = f"/bookings/{booking.code}/move"
        answer = self.product.post(str(booking.who), path, **body)
        seen = self.product.seen()
        if answer.code is not None:
            self._refused(answer, perhaps)
        else:
            assert not surely, f"moved although {surely}: {answer.body}"
            new = seen.bookings[answer.body["code"]]
            assert seen.moved_to[booking.code] == new.code
            assert (new.who, new.start, new.end) == (booking.who, minute_of(wish), minute_of(wish) + minutes)
            self.centre.move(booking.code, new, now=self.now, without=self._own_offers(new.who, new.service))
            self._served_otherwise(new, seen)
            self.last = (str(booking.who), path, body, new.code)
        self._settle(seen)

    @precondition(lambda self: self.has("confirmed"))
    @rule(pick=which, minutes=st.sampled_from([10, 30, 60, 90]), choice=st.sampled_from(["", "other_unit", "shorten"]))
    def late(self, pick: int, minutes: int, choice: str) -> None:
        booking = self._one(pick, "confirmed", mine=True)
        if booking is None:
            return
        elsewhere = self.centre.is_elsewhere(booking.who, booking.end, booking.end + minutes, without=[booking.code])
        can_keep = self.centre.can_stay_longer(booking.code, minutes) and not elsewhere
        body = {"minutes": minutes, **({"choice": choice} if choice else {})}
        answer = self.product.post(str(booking.who), f"/bookings/{booking.code}/late", **body)
        seen = self.product.seen()
        if booking.late == minutes and booking.code not in self.centre.undecided:
            assert answer.code is None, "the same said again changes nothing"
        elif answer.code is not None:
            allowed = {"late_used"} if booking.late and booking.code not in self.centre.undecided else set()
            allowed |= {"late_too_late"} if self.now >= self.centre.kept_until(booking) else set()
            allowed |= {"late_conflict"} if choice or not can_keep else set()
            self._refused(answer, allowed)
            if answer.code == "late_conflict":
                self.centre.ask_about_late(booking.code, minutes, seen.bookings[booking.code], now=self.now)
        else:
            if not choice:
                assert can_keep, f"kept although another comes: {answer.body}"
                kept = seen.bookings[booking.code]
                assert kept.end == booking.end + minutes, f"{booking} is {minutes} late and became {kept}"
            self.centre.late(booking.code, minutes, seen.bookings[booking.code], now=self.now)
        self._settle(seen)

    @precondition(lambda self: self.has("checked_in", "overstayed"))
    @rule(pick=which, minutes=st.sampled_from([30, 60]))
    def extend(self, pick: int, minutes: int) -> None:
        booking = self._one(pick, "checked_in", "overstayed")
        if booking is None:
            return
        elsewhere = self.centre.is_elsewhere(booking.who, booking.end, booking.end + minutes, without=[booking.code])
        within = booking.end + minutes - booking.start <= SHOWER.longest
        fits = self.centre.can_stay_longer(booking.code, minutes) and not elsewhere
        answer = self.product.post(booking.who or DESK, f"/bookings/{booking.code}/extend", minutes=minutes)
        seen = self.product.seen()
        if answer.code is None:
            assert fits, f"extended over another: {answer.body}"
            self.centre.extend(booking.code, minutes, seen.bookings[booking.code], now=self.now)
        else:
            assert not (fits and within and self.now < booking.end), f"not extended: {answer.body}"
        self._settle(seen)

    # -- the desk -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.has("confirmed"))
    @rule(pick=which)
    def check_in(self, pick: int) -> None:
        booking = self._one(pick, "confirmed")
        if booking is None:
            return
        answer = self.product.post(DESK, f"/bookings/{booking.code}/check-in")
        if answer.code is None:
            assert booking.start - self.now <= EARLY, "let in too early"
            self.centre.turn(booking.code, "checked_in")
        else:
            self._refused(answer, {"too_early"} if booking.start - self.now > EARLY else set(), self.now >= booking.end)
        self._settle(self.product.seen())

    @precondition(lambda self: self.has("checked_in", "overstayed"))
    @rule(pick=which)
    def complete(self, pick: int) -> None:
        booking = self._one(pick, "checked_in", "overstayed")
        if booking is None:
            return
        answer = self.product.post(DESK, f"/bookings/{booking.code}/complete")
        assert answer.code is None, answer.body
        seen = self.product.seen()
        self.centre.complete(booking.code, seen.bookings[booking.code], now=self.now)
        self._settle(seen)

    @precondition(lambda self: self.has("confirmed"))
    @rule(pick=which)
    def no_show_by_the_desk(self, pick: int) -> None:
        booking = self._one(pick, "confirmed")
        if booking is None:
            return
        answer = self.product.post(DESK, f"/bookings/{booking.code}/no-show")
        if answer.code is None:
            self.centre.no_show(booking.code, now=self.now)
        else:
            self._refused(answer, {"grace_runs"} if self.now <= self.centre.kept_until(booking) else set())
        self._settle(self.product.seen())

    @precondition(lambda self: self.has("checked_in", "completed", "no_show"))
    @rule(pick=which)
    def undo(self, pick: int) -> None:
        booking = self._one(pick, "checked_in", "completed", "no_show")
        if booking is None or booking.code in self.walk_ins or booking.code not in self.turned:
            return
        at, former = self.turned[booking.code]
        is_undoable = former.state in model.UNDONE[booking.state]
        former = former if booking.state == "completed" else booking
        free = self.centre.has_room(
            former.service, former.unit, former.start, former.until, former.seats, without=[booking.code]
        )
        free = free and not self.centre.is_elsewhere(former.who, former.start, former.end, without=[booking.code])
        answer = self.product.post(DESK, f"/bookings/{booking.code}/undo")
        seen = self.product.seen()
        if answer.code is None:
            assert is_undoable, f"{former.state} was brought back"
            assert self.now - at <= UNDO_FOR, "undone too late"
            self.centre.undo(booking.code, former, seen.bookings[booking.code])
        else:
            allowed = {"undo_over"} if self.now - at >= UNDO_FOR or not is_undoable else set()
            allowed |= set() if free else {"undo_conflict", "overlap"}
            assert answer.code in allowed, f"{answer.code} for {booking}, turned at {at}, now {self.now}"
        self._settle(seen, undone=booking.code)

    @rule(minutes=st.sampled_from([30, 60]), zone=zones, pool=st.booleans(), name=st.sampled_from(["李师傅", "王师傅"]))
    def walk_in(self, minutes: int, zone: str, pool: bool, name: str) -> None:
        service = self.lounge if pool else self.shower
        step = self.centre.services[service].step
        first, until = self.now // step * step, -(-(self.now + minutes) // step) * step
        zone_of = None if pool else zone
        surely = self.centre.places(service, first, until, zone=zone_of, now=self.now, by_staff=True)
        body = {"service": service, "minutes": minutes, "zone": zone_of, "name": name}
        answer = self._create(DESK, f"/desk/{self.product.centre}/walk-ins", **body)
        seen = self.product.seen()
        if answer.code is None:
            booking = seen.bookings[answer.body["code"]]
            assert (booking.state, booking.start) == ("checked_in", self.now), booking
            self.centre.give(booking, now=self.now, by_staff=True)
            self.walk_ins.add(booking.code)
        else:
            self._refused(answer, set() if surely else {*NO_PLACE, "unit_taken"})
        self._settle(seen)

    @rule(unit=st.sampled_from(SHOWER.units), slot=ahead, minutes=st.sampled_from([60, 120, 300]))
    def close(self, unit: model.Unit, slot: int, minutes: int) -> None:
        start = self._slot(slot)
        wanted = model.Closure("wanted", self.shower, unit.no, start, start + minutes)
        if any(
            one.unit == unit.no and one.start < wanted.until and start < one.until
            for one in self.centre.closures.values()
        ):
            return
        hit = self.centre.in_the_way(wanted)
        path = f"/desk/{self.product.centre}/closures"
        body = {
            "service": self.shower,
            "unit": unit.no,
            "start": iso(start),
            "until": iso(wanted.until),
            "kind": "broken",
            "reason": "检修",
            "client_uuid": str(uuid4()),
        }
        asked = self.product.post(DESK, path, **body, apply=False)
        assert asked.code is None, asked.body
        proposal = asked.body["proposal"]
        assert {one["code"] for one in proposal["affected"]} == {booking.code for booking in hit}, proposal
        self._settle(self.product.seen())
        done = self.product.post(DESK, path, **body, apply=True, seen=proposal["seen"])
        assert done.code is None, done.body
        self._closed(replace(wanted, id=str(done.body["closure"]["id"])), hit, self.product.seen())

    @precondition(lambda self: self.centre.closures)
    @rule(pick=which)
    def reopen(self, pick: int) -> None:
        closure = list(self.centre.closures)[pick % len(self.centre.closures)]
        answer = self.product.post(DESK, f"/desk/{self.product.centre}/closures/{closure}/end")
        assert answer.code is None, answer.body
        del self.centre.closures[closure]
        self._settle(self.product.seen())

    @precondition(lambda self: not self.centre.jams)
    @rule(minutes=st.sampled_from([20, 45]), length=st.sampled_from([60, 180]))
    def announce_a_jam(self, minutes: int, length: int) -> None:
        jam = model.Jam(self.now, self.now + length, minutes)
        answer = self.product.call(
            DESK,
            "POST",
            "/notices",
            {
                "centre": self.product.centre,
                "kind": "congestion",
                "text": "东门拥堵",
                "from": iso(jam.start),
                "until": iso(jam.until),
                "grace_minutes": minutes,
            },
        )
        assert answer.code is None, answer.body
        self.centre.report_jam(jam)
        self._settle(self.product.seen())

    # -- the wait-list ------------------------------------------------------------------------------------------

    @rule(who=people | st.none(), slot=ahead, minutes=st.sampled_from([30, 60]), zone=zones, pool=st.booleans())
    def join(self, who: str | None, slot: int, minutes: int, zone: str, pool: bool) -> None:
        service = self.lounge if pool else self.shower
        self._join(who, service, self._slot(slot), minutes, 0, None if pool else zone)

    @precondition(lambda self: self.has("confirmed", "checked_in"))
    @rule(
        who=people | st.none(),
        pick=which,
        minutes=st.sampled_from([30, 60]),
        spare=st.sampled_from([0, 0, 30, 60]),
        asleep=st.booleans(),
    )
    def join_a_full_time(self, who: str | None, pick: int, minutes: int, spare: int, asleep: bool = False) -> None:
        """Wait for what another has."""
        booking = self._one(pick, "confirmed", "checked_in")
        if booking is not None and booking.start > self.now:
            start = -(-booking.start // 30) * 30
            self._join(who, booking.service, start, minutes, spare, booking.zone, no_night_offers=asleep)

    @precondition(lambda self: self.has("displaced"))
    @rule(pick=which)
    def wait_for_what_was_closed(self, pick: int) -> None:
        """Whom a closure sent away goes first in line for the same time."""
        gone = self._one(pick, "displaced", mine=True)
        taken = {entry.who for entry in self.centre.entries.values()}
        if gone is not None and gone.start > self.now and gone.who not in taken:
            minutes = min(gone.end - gone.start, 60)
            self._join(gone.who, gone.service, gone.start, minutes, 0, gone.zone, instead_of=gone.code)

    def _join(
        self,
        who: str | None,
        service: str,
        start: int,
        minutes: int,
        spare: int,
        zone: str | None,
        **more: Any,
    ) -> None:
        is_free = bool(self.centre.places(service, start, start + minutes, zone=zone, now=self.now))
        waits = [e for e in self.centre.entries.values() if who and (e.who, e.service) == (who, service)]
        body = {
            "service": service,
            "start": iso(start),
            "minutes": minutes,
            "zone": zone,
            "until": iso(start + minutes + spare),
            "min_minutes": 30 if spare else None,
            **more,
        }
        if who is None:
            answer = self._create(DESK, f"/desk/{self.product.centre}/waitlist", **body, name="赵师傅")
        else:
            answer = self._create(who, "/waitlist", **body)
        seen = self.product.seen()
        if answer.code is None:
            assert not is_free, f"put in line although there was a place: {answer.body}"
            assert not any(entry.state in ("waiting", "offered") for entry in waits)
            self.joined += 1
            made = seen.entries[answer.body["id"]]
            assert (made.start, made.until) == (start, start + minutes + spare)
            rank = self.joined - (FIRST_IN_LINE if "instead_of" in more else 0)
            self.centre.entries[made.id] = replace(made, rank=rank, state="waiting")
        else:
            allowed = {"already_waiting"} if any(e.state in ("waiting", "offered") for e in waits) else set()
            allowed |= {"place_free"} if is_free or spare else set()
            allowed |= {"overlap"} if self.centre.is_elsewhere(who, start, start + minutes + spare) else set()
            self._refused(answer, allowed)
        self._settle(seen)

    @precondition(lambda self: self.offers)
    @rule(pick=which, how=st.sampled_from(["accept", "accept", "decline", "cancel"]))
    def answer(self, pick: int, how: str) -> None:
        """Somebody answers an offer, or leaves the line in spite of it."""
        entry = self._entry(pick, "offered")
        if entry is None:
            return
        offer = self.centre.offers[entry.id]
        elsewhere = self.centre.is_elsewhere(entry.who, offer.start, offer.end)
        answer = self.product.post(entry.who or DESK, f"/waitlist/{entry.id}/{how}")
        seen = self.product.seen()
        if answer.code is not None:
            allowed = {"offer_over"} if self.now >= offer.answer_until else set()
            self._refused(answer, allowed | ({"overlap"} if how == "accept" and elsewhere else set()))
        elif how == "accept":
            assert not elsewhere, f"is in two places: {answer.body}"
            self.centre.accept(entry.id, seen.bookings[answer.body["booking"]], now=self.now)
            self._forget_offer(entry.id)
        else:
            self.centre.end_offer(entry.id, "declined" if how == "decline" else "cancelled")
            self._forget_offer(entry.id)
        self._settle(seen)

    @precondition(lambda self: self.has("confirmed") and self.centre.entries)
    @rule(pick=which, how=st.sampled_from(["accept", "accept", "decline"]))
    def a_place_comes_free_and_is_answered_for(self, pick: int, how: str) -> None:
        self.cancel(pick, wanted=True)
        self.answer(pick, how)

    @precondition(lambda self: self.centre.entries)
    @rule(pick=which)
    def leave_the_line(self, pick: int) -> None:
        entry = self._entry(pick, "waiting")
        if entry is not None:
            answer = self.product.post(entry.who or DESK, f"/waitlist/{entry.id}/cancel")
            assert answer.code is None, answer.body
            self.centre.end_offer(entry.id, "cancelled")
            self._settle(self.product.seen())

    # -- time ---------------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([5, 10, 15, 25]))
    def time_passes(self, minutes: int) -> None:
        self._set_clock(self.now + minutes)

    @rule(minutes=st.sampled_from([0, 5, 15, 40, 90]))
    def time_passes_and_jobs_run(self, minutes: int) -> None:
        self._set_clock(self.now + minutes)
        for job in BOOKING_JOBS:
            self.product.run(job)
            seen = self.product.seen()
            for code, booking in seen.bookings.items():
                self._by_the_clock(self.centre.bookings[code], booking)
            self._settle(seen)
        self._settle(self.product.seen(), jobs_ran=True)
        assert not self.centre.overdue(self.now), "a place is kept for who did not come"
        assert not [o for o in self.centre.offers.values() if o.answer_until < self.now], "an offer outlived its time"
        for service in self.centre.services:
            left = [self.centre.entries[one] for one in self.centre.left_over(service, now=self.now)]
            assert not left, f"at {self.now} {left} wait although there is a place"

    @precondition(lambda self: self.last is not None)
    @rule()
    def the_phone_sends_it_again(self) -> None:
        assert self.last is not None
        who, path, body, made = self.last
        answer = self.product.post(who, path, **body)
        assert answer.status == 200, answer.body
        assert made in (answer.body.get("code"), answer.body.get("id"))
        self._settle(self.product.seen())

    # -- how ----------------------------------------------------------------------------------------------------

    def _set_clock(self, at: int) -> None:
        self.now = at
        self.product.clock.now = instant(at)
        self._left = self._left_over()

    def _slot(self, ahead: int) -> int:
        return (-(-self.now // 30) + ahead) * 30

    def _wish(self, slot: int, minutes: int, zone: str | None, seats: int, pool: bool) -> dict[str, Any]:
        return {
            "service": self.lounge if pool else self.shower,
            "start": iso(self._slot(slot)),
            "minutes": minutes,
            "zone": None if pool else zone,
            "party_size": seats if pool else 1,
        }

    def _why_not(self, who: str | None, wish: dict[str, Any], *, moved: str | None = None) -> tuple[set[str], set[str]]:
        """Every refusal that must be, and every one that may be: what is held for somebody they may take themselves."""
        service, start = str(wish["service"]), minute_of(wish)
        end, gone, own = start + int(wish["minutes"]), [moved] if moved else [], self._own_offers(who, service)
        surely: set[str] = set()
        if self.centre.is_elsewhere(who, start, end, without=gone):
            surely.add("overlap")
        if self.centre.is_refused_for_marks(who, service, start, self.now):
            surely.add("restricted")
        full, full_but_for_own = (
            not self.centre.places(
                service, start, end, zone=wish["zone"], seats=int(wish["party_size"]), now=self.now, without=left_out
            )
            for left_out in (gone, [*gone, *own])
        )
        return surely | (NO_PLACE if full_but_for_own else set()), surely | (NO_PLACE if full else set())

    def _own_offers(self, who: str | None, service: str) -> list[str]:
        """What is held for somebody may be booked by them."""
        entries = [self.centre.entries[entry] for entry in self.centre.offers]
        return [entry.id for entry in entries if who and (entry.who, entry.service) == (who, service)]

    def _create(self, who: str, path: str, **body: Any) -> Answer:
        body["client_uuid"] = str(uuid4())
        answer = self.product.post(who, path, **body)
        if answer.code is None:
            assert answer.status == 201, answer.body
            self.last = (who, path, body, answer.body.get("code") or answer.body["id"])
        return answer

    def _refused(self, answer: Answer, allowed: set[str], anything: bool = False) -> None:
        assert anything or answer.code in allowed, f"refused {answer.code}, right would be {sorted(allowed) or 'yes'}"

    def _is_wanted(self, booking: model.Booking) -> bool:
        return any(
            entry.service == booking.service and entry.start < booking.end and booking.start < entry.until
            for entry in self.centre.entries.values()
            if entry.state == "waiting"
        )

    def has(self, *states: str) -> bool:
        """Whether there is a booking in one of those states."""
        return any(booking.state in states for booking in self.centre.bookings.values())

    def _one(self, pick: int, *states: str, mine: bool = False) -> model.Booking | None:
        found = [
            booking
            for booking in self.centre.bookings.values()
            if booking.state in states and not (mine and booking.who is None)
        ]
        return found[pick % len(found)] if found else None

    def _entry(self, pick: int, *states: str) -> model.Entry | None:
        found = [entry for entry in self.centre.entries.values() if entry.state in states]
        return found[pick % len(found)] if found else None

    def _forget_offer(self, entry: str) -> None:
        self.offers = {hold: one for hold, one in self.offers.items() if one != entry}

    def _served_otherwise(self, booking: model.Booking, seen: Seen) -> None:
        """Who got a place in the wished time another way waits no longer, and an offer to them is taken back."""
        surely = self.centre.got_a_place(booking)
        for entry in list(self.centre.entries.values()):
            touched = entry.start < booking.end and booking.start < entry.until and entry.who == booking.who
            same = touched and entry.service == booking.service and entry.state in ("waiting", "offered")
            if same and (entry.id in surely or seen.entries[entry.id].state == "served"):
                self.centre.end_offer(entry.id, "served")
                self._forget_offer(entry.id)

    def _closed(self, wanted: model.Closure, hit: list[model.Booking], seen: Seen) -> None:
        displaced = []
        for hold, entry in list(self.offers.items()):
            if not seen.holds[hold].is_open and seen.holds[hold].outcome == "withdrawn":
                self.centre.withdraw(entry)
                self._forget_offer(entry)
        for booking in hit:
            after = seen.bookings[booking.code]
            if after.state == "displaced":
                displaced.append(self.centre.turn(booking.code, "displaced"))
            else:
                self.centre.rehouse(after, wanted)
        self.centre.closures[wanted.id] = wanted
        for booking in displaced:
            left = self.centre.places(booking.service, booking.start, booking.end, zone=booking.zone, now=self.now)
            assert not left, f"{booking} was sent away although {left} was free"
        self._settle(seen)

    def _by_the_clock(self, before: model.Booking, after: model.Booking) -> None:
        if (before.state, after.state) == ("confirmed", "no_show"):
            self.centre.no_show(before.code, now=self.now)
        elif (before.state, after.state) == ("checked_in", "overstayed"):
            assert before.end <= self.now, "said to stay too long before the end"
            self.centre.turn(before.code, "overstayed")

    def _settle(self, seen: Seen, *, undone: str | None = None, jobs_ran: bool = False) -> None:
        """The model takes over what it allows; after that the two must say the same."""
        self._end_holds(seen)
        for entry in list(self.centre.entries.values()):
            after = seen.entries[entry.id].state
            if (entry.state, after) == ("waiting", "lapsed"):
                self.centre.expire(entry.id, now=self.now)
        for hold in seen.holds.values():
            if hold.kind == "offer" and hold.is_open and hold.id not in self.offers:
                assert hold.entry
                assert hold.answer_until is not None
                offer = model.Offer(
                    hold.entry, hold.unit, hold.start, hold.end, hold.until, hold.answer_until, hold.seats
                )
                self.centre.offer(offer, now=self.now)
                self.offers[hold.id] = hold.entry
        self._remember_turns(seen, undone)
        self._agree(seen, jobs_ran)
        left = self._left_over()
        new = [self.centre.entries[entry] for entry in left - self._left]
        assert not new, f"at {self.now} {new} wait although there is a place"
        self._left = left

    def _left_over(self) -> set[str]:
        """Who waits although there is a place: what came free by the clock alone is found by the jobs."""
        return {entry for service in self.centre.services for entry in self.centre.left_over(service, now=self.now)}

    def _end_holds(self, seen: Seen) -> None:
        for hold, entry in list(self.offers.items()):
            if not seen.holds[hold].is_open:
                assert seen.holds[hold].outcome == "lapsed", seen.holds[hold]
                self.centre.lapse(entry, now=self.now)
                self._forget_offer(entry)
        self.centre.closures = {
            name: closure for name, closure in self.centre.closures.items() if self.now < closure.until
        }

    def _remember_turns(self, seen: Seen, undone: str | None) -> None:
        for code, booking in self.centre.bookings.items():
            former = self._known.get(code)
            if former is not None and former.state != booking.state and code != undone:
                self.turned[code] = (self.now, former)
        if undone is not None:
            self.turned.pop(undone, None)
        self._known = dict(self.centre.bookings)

    def _same(self, seen: dict[str, Any], wanted: dict[str, Any]) -> None:
        found = differences(seen, wanted)
        assert not found, found

    def _stays_closed(self, closure: model.Closure, seen: Seen, jobs_ran: bool) -> None:
        """From now to its end the unit is kept by the closure, but for who is still there; what they give back
        is kept by the next run of the jobs at the latest."""
        kept = [hold for hold in seen.holds.values() if hold.closure == int(closure.id) and hold.is_open]
        assert all(hold.unit == closure.unit for hold in kept)
        assert all(closure.start <= hold.start and hold.until <= closure.until for hold in kept), (closure, kept)
        if not jobs_ran:
            return
        spans = [(hold.start, hold.until) for hold in kept]
        spans += [(one.start, one.until) for one in self.centre.claims(closure.service) if one.unit == closure.unit]
        for at in range(max(self.now // 5 * 5, closure.start), closure.until, 5):
            taken = any(start <= at < until for start, until in spans)
            assert taken, f"{closure} leaves {iso(at)} free: {kept}"

    def _agree(self, seen: Seen, jobs_ran: bool) -> None:
        self.centre.check()
        self._same(seen.bookings, self.centre.bookings)
        entries = {entry.id: replace(entry, rank=0) for entry in self.centre.entries.values()}
        self._same(seen.entries, entries)
        marks = sorted((mark.who, mark.booking, mark.halves) for mark in self.centre.marks)
        assert seen.marks == marks, f"{seen.marks} should be {marks}"
        for closure in self.centre.closures.values():
            self._stays_closed(closure, seen, jobs_ran)
        history = self.product.history()
        assert set(history) == set(seen.bookings)
        for code, events in history.items():
            assert model.explained(events, seen.bookings[code].state), (code, events, seen.bookings[code].state)
        assert self.product.occupancy_findings() == []


def differences(seen: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What the product has and the model has not, in words; empty where they agree."""
    return "; ".join(
        f"{seen.get(key)} should be {wanted.get(key)}"
        for key in sorted({*seen, *wanted})
        if seen.get(key) != wanted.get(key)
    )


def minute_of(wish: dict[str, Any]) -> int:
    return minute(datetime.fromisoformat(wish["start"]))
