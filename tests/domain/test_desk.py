"""What is said across a room, which rules a walk-in breaks, what can be taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.desk import LastStep, undo_target, undo_until, who_text

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.mark.rule("B94")
@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("张伟", "张师傅"),
        ("张师傅", "张师傅"),
        ("王小明师傅", "王师傅"),
        ("欧阳建国", "欧阳师傅"),
        ("李女士", "李女士"),
        ("欧阳锋老师", "欧阳老师"),
        (" 赵六 ", "赵师傅"),
        ("师傅", "师傅"),
        ("微信用户", "微信用户"),
        ("", "现场客人"),
        (None, "现场客人"),
    ],
)
def test_a_guest_is_called_by_surname(name: str | None, who: str) -> None:
    assert who_text(name) == who


def step(before: str | None, after: str, reason: str | None = None) -> LastStep:
    return LastStep(NOW, before, after, reason)


@pytest.mark.rule("B93")
@pytest.mark.parametrize(
    ("source", "last", "target"),
    [
        ("app", step("confirmed", "checked_in"), "confirmed"),
        ("app", step("checked_in", "completed"), "checked_in"),
        ("app", step("overstayed", "completed"), "overstayed"),
        ("app", step("confirmed", "no_show"), "confirmed"),
        ("walkin", step(None, "checked_in"), "cancelled"),
        ("walkin", step(None, "checked_in", "override:closed_then"), "cancelled"),
        ("app", step(None, "confirmed"), None),
        ("app", step("confirmed", "cancelled"), None),
        ("app", step("checked_in", "overstayed"), None),
        ("app", step("completed", "checked_in", "undo"), None),
        ("app", step("cancelled", "checked_in", "offline"), None),
    ],
)
def test_only_what_the_desk_did_last_is_taken_back(source: str, last: LastStep, target: str | None) -> None:
    assert undo_target(source, last.after, last) == target
    ends = [undo_until(source, last.after, last, now=NOW + timedelta(minutes=m)) for m in (0, 14, 15)]
    assert ends == ([NOW + timedelta(minutes=15)] * 2 + [None] if target else [None] * 3)
    assert undo_target(source, "moved", last) is None
