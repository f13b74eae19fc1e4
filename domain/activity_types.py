"""Every type of activity 活动类型: one entry each; the table of activities is the same for all."""

from dataclasses import dataclass

AUDIENCES: dict[str, str] = {"members": "党员", "open": "公开", "invited": "受邀"}


@dataclass(frozen=True, slots=True)
class ActivityType:
    """What a type is called and whom it is for unless its host says otherwise."""

    code: str
    name: str
    audience: str = "open"


ACTIVITY_TYPES: dict[str, ActivityType] = {
    entry.code: entry
    for entry in (
        ActivityType("theme_day", "主题党日", "members"),
        ActivityType("party_lesson", "党课", "members"),
        ActivityType("micro_lesson", "微党课", "members"),
        ActivityType("lecture", "大讲堂"),
        ActivityType("training", "培训"),
        ActivityType("salon", "沙龙"),
        ActivityType("contest", "竞赛"),
        ActivityType("film", "观影"),
        ActivityType("tea", "企业家下午茶", "invited"),
        ActivityType("briefing", "政策宣讲"),
        ActivityType("matchmaking", "供需对接"),
        ActivityType("finance_talk", "银企对接"),
        ActivityType("recruitment", "招聘会"),
        ActivityType("research_match", "产学研对接"),
        ActivityType("site_visit", "参观走访"),
        ActivityType("study_tour", "研学"),
        ActivityType("brainstorm", "头脑风暴"),
        ActivityType("roundtable", "党建圆桌会", "invited"),
        ActivityType("joint_meeting", "联席会议", "invited"),
        ActivityType("airing", "吐槽大会"),
        ActivityType("camp", "训练营"),
        ActivityType("volunteer", "志愿服务"),
        ActivityType("festival", "节庆活动"),
    )
}
