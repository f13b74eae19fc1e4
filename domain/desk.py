"""The desk 值班台: names said aloud, which rules a walk-in may break, what can be taken back, who came first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking import LARGEST_PARTY, UNDO_FOR
from domain.errors import Invalid
from domain.opening import is_open
from domain.service_types import ServiceFacts, UnitFacts

LONGEST_STAY = 1440
OLDEST_ARRIVAL = timedelta(hours=48)
ANONYMOUS = "现场客人"
NEW_ACCOUNT = "微信用户"
TITLES = ("师傅", "先生", "女士", "老师", "同志")
COMPOUND_SURNAMES = (
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "司空", "夏侯",
    "端木", "南宫",
)  # fmt: skip
# state → how the desk takes it back; a walk-in was never expected, so it goes altogether
UNDO_TO = {"checked_in": "confirmed", "completed": "checked_in", "no_show": "confirmed"}
WALK_IN_UNDO = {"checked_in": frozenset({"cancelled"})}
# released or cancelled online, but let in by a desk without a network: stays let in (product brief §6)
OFFLINE_MOVES = {
    state: frozenset({"checked_in", "completed"}) for state in ("cancelled", "no_show", "displaced", "moved")
}
GIVE_WAY_MOVES = {state: frozenset({"cancelled"}) for state in ("checked_in", "completed", "overstayed")}


def who_text(name: str | None) -> str:
    """How a guest is called across a room: 张伟 → 张师傅, 欧阳女士 stays; without a name 现场客人."""
    name = (name or "").strip()
    if not name:
        return ANONYMOUS
    if name == NEW_ACCOUNT:
        return name
    title = next((t for t in TITLES if name.endswith(t) and name != t), "师傅")
    stem = name.removesuffix(title)
    surname = next((s for s in COMPOUND_SURNAMES if stem.startswith(s)), stem[:1])
    return surname + title


def at_minute_of(instant: datetime) -> datetime:
    """The minute an instant lies in: desks count no seconds."""
    return instant.replace(second=0, microsecond=0)


def check_stay(service: ServiceFacts, minutes: int, party_size: int) -> None:
    """A walk-in stays whole steps, a day at most. Raises Invalid `minutes_out_of_range`, `party_size`."""
    step = service.step_minutes
    regular = service.min_minutes <= minutes <= service.max_minutes and (minutes - service.min_minutes) % step == 0
    whole = minutes % step == 0 or minutes == service.slot_minutes or (regular and minutes % 5 == 0)
    if not 0 < minutes <= LONGEST_STAY or not whole:
        raise Invalid("minutes_out_of_range", min=step, max=service.max_minutes, step=step)
    most = service.capacity or max((unit.seats or LARGEST_PARTY for unit in service.units), default=LARGEST_PARTY)
    if not 1 <= party_size <= most:
        raise Invalid("party_size", max=most)


def broken_rules(
    service: ServiceFacts, start: datetime, minutes: int, party_size: int, *, is_known: bool = False
) -> tuple[str, ...]:
    """The rules that staff may set aside with a reason; occupied time is none of them.

    `is_known`: the guest has an account whose role was looked at already.
    """
    broken: list[str] = []
    if not is_open(service.opening, start, start + timedelta(minutes=minutes)):
        broken.append("closed_then")
    if service.who_may_book is not None and not is_known:
        broken.append("who_may_book")
    if minutes > service.max_minutes:
        broken.append("minutes_out_of_range")
    if party_size > usual_party(service):
        broken.append("party_size")
    return tuple(broken)


def usual_party(service: ServiceFacts) -> int:
    """How many may come together without anybody having to say why."""
    if service.capacity is not None:
        return min(service.max_party or LARGEST_PARTY, service.capacity)
    return max((unit.seats or 1 for unit in service.units), default=1)


@dataclass(frozen=True, slots=True)
class LastStep:
    """The last event of a booking that changed its state."""

    at: datetime
    before: str | None
    after: str
    reason: str | None

    @property
    def is_undo(self) -> bool:
        return self.reason == "undo"


def undo_target(source: str, state: str, step: LastStep | None) -> str | None:
    """The state that taking back the last step leads to; None where there is nothing to take back.

    Only what the desk does can be taken back: let in, close, say that nobody came, walk in.
    """
    if step is None or step.after != state or state not in UNDO_TO:
        return None
    if step.before is None:
        return "cancelled" if source == "walkin" and state == "checked_in" else None
    if state == "completed":
        return step.before if step.before in ("checked_in", "overstayed") else None
    return UNDO_TO[state] if step.before == "confirmed" else None


def undo_until(source: str, state: str, step: LastStep | None, *, now: datetime) -> datetime | None:
    """Until when the last step can be taken back (撤销); None where it cannot any more."""
    if step is None or undo_target(source, state, step) is None or now >= step.at + UNDO_FOR:
        return None
    return step.at + UNDO_FOR


@dataclass(frozen=True, slots=True)
class Claim:
    """What a desk without a network gave away: a place from `start` until `until`, before anybody could look.

    `unit` is the one that was said; None where the device left the choice to us.
    """

    key: tuple[datetime, str]
    start: datetime
    until: datetime
    unit: str | None
    zone: str | None
    seats: int = 1


FindPlace = Callable[[Claim], UnitFacts | None]
Take = Callable[[Claim, UnitFacts | None], None]


def in_order_of_arrival(claims: Iterable[Claim]) -> list[Claim]:
    """By the moment of arrival, not of upload; two in the same moment by their keys, so that it is always the same."""
    return sorted(claims, key=lambda claim: claim.key)


def give_places(
    claims: Sequence[Claim], find: FindPlace, take: Take, no_place: UnitFacts
) -> dict[tuple[datetime, str], UnitFacts | None]:
    """Who holds which place: the earliest arrival first, each only where nothing is taken; the others get `no_place`.

    The outcome depends on the claims alone, whatever the order in which the devices sent them.
    """
    given: dict[tuple[datetime, str], UnitFacts | None] = {}
    for claim in in_order_of_arrival(claims):
        place = find(claim)
        given[claim.key] = place
        if place is not no_place:
            take(claim, place)
    return given
