"""The rules of checking in, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.attendance import (
    ActivityFacts,
    Credit,
    MembershipFacts,
    TicketFacts,
    arrival_state,
    check_audience,
    check_code,
    check_leave_in_time,
    check_registration_window,
    check_takes_place,
    check_window,
    credit_on,
    phase,
    read_qr,
    rotating_code,
    shown_state,
    step_at,
    step_start,
    ticket_refusal,
)
from domain.error_messages import MESSAGES, message_for
from domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal

KEY = b"k" * 32
STARTS = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=2)
DAY = ActivityFacts("published", "members", STARTS, ENDS)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


# -- rotating code


@pytest.mark.rule("C1")
def test_code_changes_every_twenty_seconds() -> None:
    step = step_at(STARTS)
    codes = {rotating_code(KEY, n) for n in range(step, step + 500)}
    assert len(codes) == 500
    assert step_at(STARTS + 19 * SECOND) == step
    assert step_at(STARTS + 20 * SECOND) == step + 1
    assert step_start(step) == STARTS


@pytest.mark.rule("C1")
def test_code_of_another_activity_differs() -> None:
    step = step_at(STARTS)
    assert rotating_code(KEY, step) != rotating_code(b"x" * 32, step)


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    ("age", "code"), [(0, None), (19, None), (20, None), (39, None), (40, "code_expired"), (41, "code_expired")]
)
def test_current_and_previous_step_are_valid(age: int, code: str | None) -> None:
    shown = rotating_code(KEY, step_at(STARTS))
    now = STARTS + age * SECOND
    if code is None:
        assert check_code(KEY, shown, now=now) == step_at(STARTS)
    else:
        with refused(code):
            check_code(KEY, shown, now=now)


@pytest.mark.rule("C2", "C3")
def test_old_future_and_forged_codes_are_told_apart() -> None:
    step = step_at(STARTS)
    for steps, code in (
        (-2, "code_expired"),
        (-180, "code_expired"),
        (-10_000, "code_expired"),
        (1, "code_not_yet"),
        (15, "code_not_yet"),
    ):
        with refused(code):
            check_code(KEY, rotating_code(KEY, step + steps), now=STARTS)
    good = rotating_code(KEY, step)
    for bad in (
        "",
        "AAAA",
        good[:-4] + "AAAA",
        good[:-1],
        good + "A",
        "!" * 13,
        "Ａ" * 13,
        rotating_code(b"x" * 32, step),
    ):
        with pytest.raises(Invalid, match="code_forged"):
            check_code(KEY, bad, now=STARTS)


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "text",
    [
        "https://lianyi.example/q/checkin/K7M2QX4P.0ABCDEFGHJKMN",
        " K7M2QX4P.0ABCDEFGHJKMN ",
        "http://127.0.0.1:8000/q/checkin/K7M2QX4P.0abcdefghjkmn?from=wx#top",
        "https://h/q/checkin/K7M2QX4P%2E0ABCDEFGHJKMN/",
        "/q/checkin/K7M2QX4P.0ABCDEFGHJKMN",
    ],
)
def test_qr_is_read_as_url_or_payload(text: str) -> None:
    assert read_qr(text) == ("K7M2QX4P", "0ABCDEFGHJKMN")


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "text", ["", ".", "abc", ".x", "https://evil/", "http://[bad", "https://h/q/booking/x.y/z.w", "a/b.c"]
)
def test_what_is_no_check_in_code_is_called_forged(text: str) -> None:
    with pytest.raises(Invalid, match="code_forged"):
        read_qr(text)


# -- window


@pytest.mark.rule("C4", "C5")
def test_opens_thirty_minutes_before_and_closes_at_the_end() -> None:
    with refused("check_in_not_open"):
        check_window(DAY, now=STARTS - 30 * MINUTE - SECOND)
    check_window(DAY, now=STARTS - 30 * MINUTE)
    check_window(DAY, now=ENDS - SECOND)
    with refused("check_in_closed"):
        check_window(DAY, now=ENDS)


@pytest.mark.rule("C4")
def test_too_early_says_when_on_the_clock_at_the_door() -> None:
    with pytest.raises(Conflict) as caught:
        check_window(DAY, now=STARTS - timedelta(hours=2))
    assert caught.value.details["opens_at"] == "2026-11-25T13:30:00+08:00"
    assert "11月25日 13:30" in caught.value.message


@pytest.mark.rule("C6")
def test_staff_only_activities_have_no_code() -> None:
    facts = ActivityFacts("published", "open", STARTS, ENDS, checkin_mode="none")
    with refused("check_in_by_host"):
        check_window(facts, now=STARTS)


@pytest.mark.rule("C7")
@pytest.mark.parametrize(
    ("state", "code"),
    [("draft", "unknown_activity"), ("cancelled", "activity_cancelled"), ("postponed", "activity_postponed")],
)
def test_what_does_not_take_place_takes_nobody(state: str, code: str) -> None:
    with refused(code) as caught:
        check_takes_place(ActivityFacts(state, "open", STARTS, ENDS))
    assert isinstance(caught.value, NotFound if state == "draft" else Conflict)


@pytest.mark.rule("C8")
def test_phases_come_from_the_clock_alone() -> None:
    moments = {-31: "upcoming", -30: "check_in_open", -1: "check_in_open", 0: "running", 119: "running", 120: "ended"}
    assert {m: phase(DAY, now=STARTS + m * MINUTE) for m in moments} == moments
    assert shown_state("published", ENDS, now=ENDS) == "ended"
    assert shown_state("published", ENDS, now=ENDS - SECOND) == "published"
    assert shown_state("cancelled", ENDS, now=ENDS) == "cancelled"


@pytest.mark.rule("C9")
def test_late_is_after_start_plus_ten_minutes() -> None:
    assert arrival_state(DAY, STARTS + 10 * MINUTE) == "attended"
    assert arrival_state(DAY, STARTS + 10 * MINUTE + SECOND) == "late"


# -- tickets


TICKET = TicketFacts(7, step_at(STARTS), STARTS, "n" * 24)


@pytest.mark.rule("C10")
def test_ticket_lives_five_minutes() -> None:
    late = STARTS + 5 * MINUTE
    assert ticket_refusal(TICKET, activity_id=7, owner=None, person=1, now=late - SECOND) is None
    refusal = ticket_refusal(TICKET, activity_id=7, owner=None, person=1, now=late)
    assert refusal is not None
    assert refusal.code == "ticket_expired"


@pytest.mark.rule("C11", "C12")
def test_ticket_belongs_to_its_first_account_and_its_activity() -> None:
    assert ticket_refusal(TICKET, activity_id=7, owner=1, person=1, now=STARTS) is None
    other = ticket_refusal(TICKET, activity_id=7, owner=1, person=2, now=STARTS)
    elsewhere = ticket_refusal(TICKET, activity_id=8, owner=None, person=2, now=STARTS)
    assert other is not None
    assert elsewhere is not None
    assert (other.code, elsewhere.code) == ("ticket_used", "ticket_wrong_activity")


# -- who, and whose credit


@pytest.mark.rule("C13")
def test_credit_goes_to_the_branch_of_that_date() -> None:
    moved = date(2026, 11, 1)
    was, is_ = MembershipFacts(1, "member", date(2020, 1, 1), moved), MembershipFacts(2, "member", moved)
    assert credit_on([was, is_], date(2026, 10, 31)) == Credit(1, "member")
    assert credit_on([was, is_], moved) == Credit(2, "member")
    assert credit_on([], moved) == Credit(None, "guest")


@pytest.mark.rule("C13", "C14")
def test_activists_are_counted_apart() -> None:
    assert credit_on([MembershipFacts(1, "activist", date(2020, 1, 1))], STARTS.date()) == Credit(1, "activist")
    both = [MembershipFacts(1, "activist", date(2025, 1, 1)), MembershipFacts(2, "probationary", date(2020, 1, 1))]
    assert credit_on(both, STARTS.date()) == Credit(2, "member")


@pytest.mark.rule("C14")
@pytest.mark.parametrize(
    ("audience", "counted_as", "has_role", "is_listed", "is_in"),
    [
        ("open", "guest", False, False, True),
        ("members", "member", False, False, True),
        ("members", "guest", True, False, True),
        ("members", "activist", False, False, False),
        ("members", "guest", False, False, False),
        ("members", "guest", False, True, True),
        ("invited", "member", True, False, False),
        ("invited", "guest", False, True, True),
    ],
)
def test_audience(audience: str, counted_as: str, has_role: bool, is_listed: bool, is_in: bool) -> None:
    def ask() -> None:
        check_audience(audience, credit=Credit(None, counted_as), has_member_role=has_role, is_listed=is_listed)

    if is_in:
        ask()
    else:
        with pytest.raises(NotAllowed, match="not_in_audience"):
            ask()


# -- registering and leave


@pytest.mark.rule("C15")
def test_registration_window() -> None:
    def ask(now: datetime, *, needed: bool = True) -> None:
        check_registration_window(DAY, needed=needed, opens=STARTS - 60 * MINUTE, closes=STARTS, now=now)

    with refused("registration_not_open"):
        ask(STARTS - 61 * MINUTE)
    ask(STARTS - 60 * MINUTE)
    with refused("registration_closed"):
        ask(STARTS)
    with refused("registration_not_needed"):
        ask(STARTS - 30 * MINUTE, needed=False)
    check_registration_window(DAY, needed=True, opens=None, closes=None, now=ENDS - SECOND)
    with refused("registration_closed"):
        check_registration_window(DAY, needed=True, opens=None, closes=ENDS + MINUTE, now=ENDS)


@pytest.mark.rule("C16")
def test_leave_before_the_start_or_a_day_after_with_a_reason() -> None:
    check_leave_in_time(STARTS, now=STARTS - SECOND, has_reason=False)
    with refused("leave_reason_required"):
        check_leave_in_time(STARTS, now=STARTS, has_reason=False)
    check_leave_in_time(STARTS, now=STARTS + timedelta(hours=24), has_reason=True)
    with refused("leave_too_late"):
        check_leave_in_time(STARTS, now=STARTS + timedelta(hours=24, seconds=1), has_reason=True)


def test_every_refusal_has_its_own_sentence() -> None:
    codes = [
        "code_forged", "code_expired", "code_not_yet", "code_wrong_activity", "check_in_not_open", "check_in_closed",
        "check_in_by_host", "ticket_invalid", "ticket_expired", "ticket_used", "ticket_wrong_activity",
        "not_in_audience", "activity_cancelled", "activity_postponed", "activity_full", "registration_not_open",
        "registration_closed", "registration_not_needed", "leave_too_late", "leave_reason_required",
    ]  # fmt: skip
    assert set(codes) <= set(MESSAGES)
    assert len({message_for(code, {}) for code in codes}) == len(codes)
