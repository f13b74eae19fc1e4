"""The demo's activities 演示活动: there is always a party day one can check in to (decision 38)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.attendance import OPENS_BEFORE
from models.activity import Activity, ActivityHost
from models.organisation import PartyBranch
from server.demo_identities import ALL
from services.activity_making import CreateActivity, add_activity, publish

TIMEZONE = "Asia/Shanghai"
STAYS_OPEN = timedelta(minutes=30)
"""A successor exists before the old one has less than this left."""
STARTS_IN = timedelta(minutes=10)
LASTS = timedelta(hours=3)
CAPACITY = 300
TITLES = (
    "主题党日：党旗飘扬在集卡车场",
    "主题党日：安全驾驶我先行",
    "主题党日：链上党员服务日",
    "主题党日：学习身边的榜样",
)


def keep_party_days(session: Session, *, now: datetime) -> int:
    """Make what is missing, and only that: a party day open for check-in, and things to come. Returns how many.

    Nothing that exists is moved. Does nothing where the demo branch is not there.
    """
    branch = session.scalar(select(PartyBranch).where(PartyBranch.code == ALL["secretary"].scope.partition(":")[2]))
    if branch is None:
        return 0
    made = 0
    if not _is_one_open(session, branch.id, now=now):
        _make(session, _party_day(session, now=now), branch.id, now=now)
        made += 1
    for command in _coming(now):
        if not _is_coming(session, command.type, now=now):
            _make(session, command, branch.id, now=now)
            made += 1
    return made


def _is_one_open(session: Session, branch_id: int, *, now: datetime) -> bool:
    """Whether check-in by code to a party day of the branch is open now and in half an hour."""
    found = session.scalar(
        select(Activity.id)
        .join(ActivityHost, ActivityHost.activity_id == Activity.id)
        .where(
            ActivityHost.branch_id == branch_id,
            Activity.type == "theme_day",
            Activity.state == "published",
            Activity.checkin_mode == "code",
            Activity.starts <= now + OPENS_BEFORE,
            Activity.ends > now + STAYS_OPEN,
        )
        .limit(1)
    )
    return found is not None


def _is_coming(session: Session, type_: str, *, now: datetime) -> bool:
    wanted = (Activity.type == type_, Activity.state == "published", Activity.starts > now + OPENS_BEFORE)
    return session.scalar(select(Activity.id).where(*wanted).limit(1)) is not None


def _make(session: Session, command: CreateActivity, branch_id: int, *, now: datetime) -> None:
    activity = add_activity(session, command, [("branch", branch_id)], created_by_id=None, now=now)
    publish(session, activity, by=None, now=now)


def _party_day(session: Session, *, now: datetime) -> CreateActivity:
    starts = (now + STARTS_IN).replace(second=0, microsecond=0)
    number = starts.astimezone(ZoneInfo(TIMEZONE)).hour // 3
    return CreateActivity(
        type="theme_day",
        title=TITLES[number % len(TITLES)],
        place="司机之家 二楼党群活动室",
        starts=starts,
        ends=starts + LASTS,
        timezone=TIMEZONE,
        audience="open",
        theme_tags=("港口物流", "红链同行"),
        description="本支部党员参加，欢迎链上企业的职工和司机一起来。到场扫屏幕上的码签到，不用提前报名。",
        agenda=("重温入党誓词", "学习交流", "志愿服务：为司机朋友检查车辆灯光"),
        capacity=CAPACITY,
    )


def _coming(now: datetime) -> tuple[CreateActivity, ...]:
    """Things to register for, so that nobody opens an empty page."""

    def at(days: int, hour: int) -> datetime:
        day = now.astimezone(ZoneInfo(TIMEZONE)) + timedelta(days=days)
        return day.replace(hour=hour, minute=0, second=0, microsecond=0)

    return (
        CreateActivity(
            type="party_lesson",
            title="书记讲党课：把支部建在链上",
            place="司机之家 一楼会议室",
            timezone=TIMEZONE,
            theme_tags=("三会一课",),
            description="面向全区链上党员，请提前报名；来不了请请假。",
            agenda=("党课", "讨论"),
            capacity=60,
            starts=at(3, 15),
            ends=at(3, 17),
        ),
        CreateActivity(
            type="briefing",
            title="惠企政策宣讲：高企认定与研发补助",
            place="企业服务中心 201",
            timezone=TIMEZONE,
            theme_tags=("政策", "高企"),
            description="讲条件、讲材料、现场答疑，欢迎企业报名。",
            agenda=("政策解读", "现场答疑"),
            capacity=40,
            starts=at(5, 14),
            ends=at(5, 16),
        ),
        CreateActivity(
            type="volunteer",
            title="志愿服务：给司机朋友送热茶",
            place="缓冲区停车场",
            timezone=TIMEZONE,
            theme_tags=("志愿服务",),
            description="党员和职工都可以参加，站一小时岗就好。",
            agenda=("分组", "服务"),
            starts=at(6, 9),
            ends=at(6, 12),
        ),
    )
