"""Every type of activity has its entry."""

import pytest

from domain.activity_types import ACTIVITY_TYPES, AUDIENCES

NAMED = (
    "theme_day party_lesson micro_lesson lecture training salon contest film tea briefing matchmaking finance_talk "
    "recruitment research_match site_visit study_tour brainstorm roundtable joint_meeting airing camp "
    "volunteer festival"
)


@pytest.mark.rule("C17")
def test_every_type_is_there_with_a_name_and_an_audience() -> None:
    assert list(ACTIVITY_TYPES) == NAMED.split()
    assert len({entry.name for entry in ACTIVITY_TYPES.values()}) == len(ACTIVITY_TYPES)
    for code, entry in ACTIVITY_TYPES.items():
        assert entry.code == code
        assert entry.audience in AUDIENCES
