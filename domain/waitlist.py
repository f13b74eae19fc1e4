"""The wait-list 候补: its states, its order, who waits for the same thing, and how long an offer stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from domain.local_time import local_day
from domain.night import is_night
from domain.opening import grid, is_open
from domain.service_types import ServiceFacts

ENTRY_STATES = ("waiting", "offered", "accepted", "declined", "lapsed", "cancelled", "served")
WAITING_STATES = ("waiting", "offered")
# from → the states it may go to; every other state is an end
ENTRY_MOVES: dict[str, frozenset[str]] = {
    "waiting": frozenset({"offered", "lapsed", "cancelled", "served"}),
    "offered": frozenset({"waiting", "accepted", "declined", "lapsed", "cancelled", "served"}),
}
MOST_LAPSES = 2
"""After the first the place in line is kept once (no signal), after the second it ends."""
ANSWER = timedelta(minutes=10)
ANSWER_AT_NIGHT = timedelta(minutes=20)
LONGEST_WISH = timedelta(hours=24)
ONE_DAY = timedelta(days=1)

# why an entry changed → what its person hears
NEWS: dict[str, str] = {
    "first_lapse": "刚才的空位没等到您回答，已给下一位。您的位次保留一次，有空位再问您。",
    "second_lapse": "两次空位都没等到您回答，候补结束了。还想等，可以再排。",
    "wish_over": "想要的时间已经过了，这次没等到空位，候补结束了。",
    "by_desk": "中心替您结束了这次候补。还想等，可以再排。",
    "withdrawn": "刚才留给您的空位临时用不了了。您的位次不变，有空位再问您。",
}


@dataclass(frozen=True, slots=True)
class WishFacts:
    """What somebody waits for: any stay of `shortest` to `minutes` within [start, until)."""

    start: datetime
    until: datetime
    minutes: int
    shortest: int
    zone: str | None = None
    party_size: int = 1
    accessible: bool = False


def can_wait(service: ServiceFacts) -> bool:
    """One can wait for what is given at once; a room is asked for, and a walk-in service has its own queue."""
    return service.is_bookable and service.rules.first_state == "confirmed"


def answer_until(service: ServiceFacts, end: datetime, *, now: datetime) -> datetime:
    """Until when an offer made now stands: 10 minutes, 20 at night, and never past the stay itself."""
    return min(now + (ANSWER_AT_NIGHT if is_night(now, service.opening.tz) else ANSWER), end)


def competes(service: ServiceFacts, one: str | None, other: str | None) -> bool:
    """Whether two zones wait for the same places: units for any zone serve both."""
    return one == other or None in (one, other) or serves_any_zone(service)


@lru_cache(maxsize=4096)
def serves_any_zone(service: ServiceFacts) -> bool:
    """Whether some unit is for whoever comes."""
    return any(unit.zone in (None, "any") for unit in service.units)


def lengths_for(service: ServiceFacts, wish: WishFacts) -> list[int]:
    """The stays that would do, the longest first."""
    shortest, step = service.min_minutes, service.step_minutes
    least, most = max(wish.shortest, shortest), min(wish.minutes, service.max_minutes)
    found = [minutes for minutes in range(shortest, most + 1, step) if minutes >= least and minutes % 5 == 0]
    return found[::-1]


def starts_for(service: ServiceFacts, wish: WishFacts, *, now: datetime) -> list[datetime]:
    """The starts, in order of time, from which at least the shortest stay fits into the wish and the opening hours."""
    lengths = lengths_for(service, wish)
    if not lengths:
        return []
    least = timedelta(minutes=lengths[-1])
    first, last = max(wish.start, now), wish.until - least
    tz = service.opening.tz
    day, final = local_day(first, tz), local_day(last, tz)
    found: list[datetime] = []
    while day <= final:
        found += [
            start
            for start in grid(service.opening, day, service.step_minutes)
            if first <= start <= last and is_open(service.opening, start, start + least)
        ]
        day += ONE_DAY
    return found
