"""Check-in 签到: when it is open, the rotating code 动态码, who is late, what a scan is worth.

The code is a truncated HMAC of (key of the activity, time step), so there is no table of codes. It
starts with the low bits of its step: an old code can be told from a forged one with one HMAC.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal

STEP_SECONDS = 20
STEPS_AHEAD = 15
"""How many coming steps the host's page is given, so that it runs through five minutes offline."""
OPENS_BEFORE = timedelta(minutes=30)
TICKET_LIFETIME = timedelta(minutes=5)
LATE_AFTER_MINUTES = 10
LEAVE_UNTIL_AFTER_START = timedelta(hours=24)
ABSENT_AFTER_END = timedelta(hours=24)
QR_PATH = "/q/checkin/"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: nothing to mix up when read aloud
TAG_CHARS, MAC_CHARS = 3, 10
TAG_RANGE = 32**TAG_CHARS  # of steps: more than seven days

COUNTED_GRADES = ("accepted", "provisional")
GRADES = (*COUNTED_GRADES, "review", "rejected", "revoked")
REGISTRATION_STATES = ("registered", "waitlisted", "cancelled", "attended", "late", "on_leave", "excused")
PLACE_STATES = ("registered", "attended", "late")
"""States that hold a place of the capacity."""
PRESENT_STATES = ("attended", "late")
LEAVE_REASONS: dict[str, str] = {
    "sick": "身体原因",
    "work": "工作冲突",
    "family": "家庭原因",
    "travel": "外出",
    "other": "其他",
}


# -- window ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What the rules need to know of an activity."""

    state: str
    audience: str
    starts: datetime
    ends: datetime
    checkin_mode: str = "code"
    late_after_minutes: int = LATE_AFTER_MINUTES
    timezone: str = "Asia/Shanghai"

    @property
    def opens(self) -> datetime:
        """Check-in opens 30 minutes before the start and closes at the end."""
        return self.starts - OPENS_BEFORE

    def local(self, instant: datetime) -> datetime:
        """An instant on the clock at the door."""
        return instant.astimezone(ZoneInfo(self.timezone))


def phase(activity: ActivityFacts, *, now: datetime) -> str:
    """Where the clock stands; never stored (decision 11)."""
    if now >= activity.ends:
        return "ended"
    if now >= activity.starts:
        return "running"
    return "check_in_open" if now >= activity.opens else "upcoming"


def shown_state(state: str, ends: datetime, *, now: datetime) -> str:
    """The stored state, with `ended` added by the clock."""
    return "ended" if state == "published" and now >= ends else state


def check_takes_place(activity: ActivityFacts) -> None:
    """Whether people may come to it.

    Raises:
        NotFound: `unknown_activity` for a draft. Conflict: `activity_cancelled`, `activity_postponed`.
    """
    if activity.state == "draft":
        raise NotFound("unknown_activity")
    if activity.state in ("cancelled", "postponed"):
        raise Conflict(f"activity_{activity.state}")


def check_window(activity: ActivityFacts, *, now: datetime) -> None:
    """Whether the code may be scanned now.

    Raises:
        Conflict: `check_in_by_host`, `check_in_not_open` with `opens_at`, `check_in_closed`.
    """
    if activity.checkin_mode != "code":
        raise Conflict("check_in_by_host")
    if now < activity.opens:
        opens = activity.local(activity.opens)
        raise Conflict(
            "check_in_not_open", opens_at=opens.isoformat(timespec="seconds"), clock=f"{opens:%m月%d日 %H:%M}"
        )
    if now >= activity.ends:
        raise Conflict("check_in_closed", closed_at=activity.local(activity.ends).isoformat(timespec="seconds"))


def arrival_state(activity: ActivityFacts, scanned_at: datetime) -> str:
    """`late` after start + late_after, by the moment of the scan: a slow log-in makes nobody late."""
    limit = activity.starts + timedelta(minutes=activity.late_after_minutes)
    return "late" if scanned_at > limit else "attended"


# -- rotating code ---------------------------------------------------------------------------------


def step_at(instant: datetime) -> int:
    return int(instant.timestamp()) // STEP_SECONDS


def step_start(step: int) -> datetime:
    return datetime.fromtimestamp(step * STEP_SECONDS, UTC)


def rotating_code(key: bytes, step: int) -> str:
    """The code on the screen during one step of 20 seconds."""
    mac = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha256)
    return _letters(step % TAG_RANGE, TAG_CHARS) + _letters(int.from_bytes(mac[:8], "big") >> 14, MAC_CHARS)


def check_code(key: bytes, code: str, *, now: datetime) -> int:
    """The step of a code that is valid now: the current one or the one before; server time decides.

    Raises:
        Invalid: `code_forged` — nobody's screen showed it.
        Conflict: `code_expired` — it was right once; `code_not_yet` — it will be.
    """
    current = step_at(now)
    step = _claimed_step(code, current)
    if step is None or not hmac.compare_digest(rotating_code(key, step), code):
        raise Invalid("code_forged")
    if step > current:
        raise Conflict("code_not_yet")
    if step < current - 1:
        raise Conflict("code_expired")
    return step


def read_qr(text: str) -> tuple[str, str]:
    """(activity code, rotating code) of what a scanner saw: the whole URL or its last part.

    Raises:
        Invalid: `code_forged` where it is no check-in code at all.
    """
    path = re.split("[?#]", text.strip(), maxsplit=1)[0]
    if "://" in path and QR_PATH not in path:
        raise Invalid("code_forged")
    payload = unquote(path.rpartition(QR_PATH)[2]).strip("/")
    activity, dot, code = payload.rpartition(".")
    if not dot or not activity or "/" in payload:
        raise Invalid("code_forged")
    return activity, code.upper()


def _claimed_step(code: str, current: int) -> int | None:
    """The step nearest to now that has the code's tag."""
    if len(code) != TAG_CHARS + MAC_CHARS or not set(code) <= set(ALPHABET):
        return None
    tag = 0
    for char in code[:TAG_CHARS]:
        tag = tag * 32 + ALPHABET.index(char)
    behind: int = (current - tag) % TAG_RANGE
    return current - behind if behind <= TAG_RANGE // 2 else current - behind + TAG_RANGE


def _letters(number: int, length: int) -> str:
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(length - 1, -1, -1))


# -- who may come, and whose credit it is ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """A membership 隶属 with its half-open local days."""

    branch_id: int
    kind: str
    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """Which branch an attendance counts for, and as what: member, activist or guest."""

    branch_id: int | None
    counted_as: str


def credit_on(memberships: Sequence[MembershipFacts], day: date) -> Credit:
    """The home branch on that date 按日期归属; a full membership goes before an activist's."""
    valid = [m for m in memberships if m.from_on <= day and (m.to_on is None or day < m.to_on)]
    full = [m for m in valid if m.kind != "activist"]
    if full:
        return Credit(max(full, key=lambda m: m.from_on).branch_id, "member")
    if valid:
        return Credit(max(valid, key=lambda m: m.from_on).branch_id, "activist")
    return Credit(None, "guest")


def check_audience(audience: str, *, credit: Credit, has_member_role: bool, is_listed: bool) -> None:
    """Members' activities are for members on that date, open ones for everyone, the rest for the listed.

    Raises:
        NotAllowed: `not_in_audience`.
    """
    if is_listed or audience == "open":
        return
    if audience == "members" and (credit.counted_as == "member" or has_member_role):
        return
    raise NotAllowed("not_in_audience")


# -- one scan --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A scan ticket 扫码票据 whose signature is right."""

    activity_id: int
    step: int
    issued_at: datetime
    nonce: str


def ticket_refusal(
    ticket: TicketFacts, *, activity_id: int, owner: int | None, person: int, now: datetime
) -> Refusal | None:
    """Why a ticket does not count: of another activity, five minutes over, or somebody else's."""
    if ticket.activity_id != activity_id:
        return Conflict("ticket_wrong_activity")
    if owner is not None and owner != person:
        return Conflict("ticket_used")
    if now >= ticket.issued_at + TICKET_LIFETIME:
        return Conflict("ticket_expired")
    return None


def grade_scan(*, is_device_shared: bool) -> tuple[str, list[str]]:
    """(grade, reasons) of a scan with a right ticket: one device serves one person per activity."""
    return ("review", ["shared_device"]) if is_device_shared else ("accepted", [])


def absent_from(ends: datetime) -> datetime:
    """Nobody is absent until 24 h after the end: phones may still upload."""
    return ends + ABSENT_AFTER_END


def check_leave_in_time(starts: datetime, *, now: datetime, has_reason: bool) -> None:
    """Leave 请假 is asked before the start, or within 24 h after it with a reason.

    Raises:
        Conflict: `leave_too_late`. Invalid: `leave_reason_required`.
    """
    if now < starts:
        return
    if now > starts + LEAVE_UNTIL_AFTER_START:
        raise Conflict("leave_too_late")
    if not has_reason:
        raise Invalid("leave_reason_required")


def check_registration_window(
    activity: ActivityFacts, *, needed: bool, opens: datetime | None, closes: datetime | None, now: datetime
) -> None:
    """Whether a place may be taken now; without dates of its own from publishing to the end.

    Raises:
        Conflict: `registration_not_needed`, `registration_not_open` with `opens_at`, `registration_closed`.
    """
    if now >= (closes or activity.ends) or now >= activity.ends:
        raise Conflict("registration_closed")
    if not needed:
        raise Conflict("registration_not_needed")
    if opens is not None and now < opens:
        local = activity.local(opens)
        raise Conflict(
            "registration_not_open", opens_at=local.isoformat(timespec="seconds"), clock=f"{local:%m月%d日 %H:%M}"
        )


def registration_is_open(
    activity: ActivityFacts, *, needed: bool, opens: datetime | None, closes: datetime | None, now: datetime
) -> bool:
    """The same rule as an answer."""
    try:
        check_takes_place(activity)
        check_registration_window(activity, needed=needed, opens=opens, closes=closes, now=now)
    except Refusal:
        return False
    return True
