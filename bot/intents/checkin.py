"""Activities 活动: when and where, registering, leave, trouble with the code, make-up, own record, who may come."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import phrasing
from bot.messages import Choices, Part, Reply, Text
from bot.turn import Turn, tap
from bot.understanding.text import plain
from services.activities import ActivityView, list_activities

OPENS_BEFORE = timedelta(minutes=30)
SHOWN = 3
FOLLOW_UP_MAX = 10
_ELLIPSIS = re.compile(
    r"^(那|这|它)?(个|场|第[一二三1-3](个|场|项))?(是|要|到)?(在哪|哪里|地点|几点|什么时候|多久|怎么(报名|参加|去)|结束|开始|谁讲|还有名额|要带)"
)
_LEAVE = re.compile(
    r"请.{0,3}假|告假|补假|准假|销假|假(批|条)|参加不了|(去|来|赶)(不了|不成|唔到|不上|不来|不及)|不能(来|去|参加)|没法(来|去|参加)|出差|走不开|到不了场"
)
_ASK_RULE = re.compile(r"怎么请|提前|谁批|多久|批了|驳回|算缺|几天内|批没|撤")
_MAKE_UP = re.compile(r"补签|补登|补一|帮我补|(忘|漏|没来得及|没)(了|记|带)?.{0,3}(签|扫)|没签(上|到)?$|昨天.{0,6}签")
_PROBLEM = re.compile(
    r"(签|扫|码|登).{0,6}(不了|不上|不出|失败|没反应|错误|过期|失效|打不开|无效|不对|唔到|不成)|提示|显示|(没|冇)(有)?(网|信号)|设备|重复|待审核|待确认|审核|转圈|加载|灰的|断网|没电|一直在变|共用|同一(个|部|台)手机|一台手机|定位不准|被撤销|复核|排队中|网络"
)
_STATUS = re.compile(
    r"(我|自己).{0,8}(出勤|记录|参加(过|了)?.{0,3}(几|哪)|几次|签到?(上|成功)|签上|缺(勤|席)|迟到|去了几|怎么没有)|出勤(率|记录)?|考勤|签到记录|活动记录|签(成功|上)(了)?(没|吗)|签到(成功|结果)|到底签"
)
_REGISTER = re.compile(r"报(个)?名|参加(?!过|了几|不)|算我|给我留|我要去|我想(去|参加)|名额|加入")
_UNREGISTER = re.compile(r"取消(报名|参加)?|退(了|掉|报名)|不(参加|去|想去|来)了|报错")
_HOST = re.compile(
    r"(多少|几个|哪些|谁)(人)?.{0,6}(来|到|签|请假|迟到)|到了(多少|几)|来了(多少|几)|名单|导出|发布|投屏|大屏|点名|应到|实到|到齐|怎么(建|延期|改时间|放|帮)|老党员|老同志.{0,8}(登记|签)"
)
_TYPE_WORDS = {
    "theme_day": re.compile(r"党日"),
    "party_lesson": re.compile(r"(?<!微)党课"),
    "micro_lesson": re.compile(r"微党课"),
    "lecture": re.compile(r"讲座|大讲堂"),
    "training": re.compile(r"培训"),
    "salon": re.compile(r"沙龙"),
    "contest": re.compile(r"竞赛|比赛"),
    "film": re.compile(r"观影|电影"),
    "tea": re.compile(r"下午茶"),
    "briefing": re.compile(r"宣讲"),
    "matchmaking": re.compile(r"供需对接"),
    "finance_talk": re.compile(r"银企对接"),
    "recruitment": re.compile(r"招聘会"),
    "site_visit": re.compile(r"参观|走访"),
    "study_tour": re.compile(r"研学"),
    "roundtable": re.compile(r"圆桌"),
    "airing": re.compile(r"吐槽"),
    "camp": re.compile(r"训练营|开营"),
    "volunteer": re.compile(r"志愿|义工"),
}
_NO_PHONE = re.compile(r"(没|冇|不用|不会用|没带)(有)?(智能)?(手机|微信).{0,6}签|不会(用)?(手机)?(扫|签)")
_PROBLEM_KINDS = (
    ("device", re.compile(r"设备|重复|共用|同一(个|部|台)|一台手机|两个人|老婆|爱人|老公")),
    ("network", re.compile(r"网|信号|离线|断网|上传|地下室|排队中|丢")),
    ("early", re.compile(r"还没开始|未开始|没到时间|时间范围|太早|开始前")),
    ("phone", re.compile(r"没电|手机(坏|丢|号)|摄像头|没(有)?(智能)?手机|没带手机|不会(用|扫)")),
    ("audience", re.compile(r"名单|不是(参会|党员)|不在|无权|人员")),
    ("review", re.compile(r"审核|复核|待确认|撤销|核对")),
    ("expired", re.compile(r"过期|失效|无效|一直(在)?变|票据|超时|登录(太)?慢")),
)
_RULE_KINDS = (
    ("late", re.compile(r"迟到|晚到|早退|中途")),
    (
        "other_branch",
        re.compile(r"(别|其他|外|隔壁|外地)(的)?.{0,2}(支部|链|单位)|外链|算(谁|我们|不算)|流动|组织关系|联建|共建"),
    ),
    ("proxy", re.compile(r"代签|别人帮|替|截图|转发|帮我(扫|签)")),
    (
        "no_phone",
        re.compile(
            r"(没|冇|没带)(有)?(智能)?手机|不会用(微信|手机)|不用(微信|手机)|必须用手机|纸质|老同志|老党员|不会扫"
        ),
    ),
    ("location", re.compile(r"定位|位置")),
    ("ranking", re.compile(r"积分|排名|扣分|评优")),
    ("absent", re.compile(r"不(去|来|参加)|缺(席|勤)")),
    (
        "guest",
        re.compile(
            r"群众|家属|孩子|小孩|小朋友|积极分子|预备党员|非党员|不是党员|能(来|去|参加)|可以(来|参加)|员工|带"
        ),
    ),
)


class CheckinIntent:
    name = "checkin"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def follow_up(self, turn: Turn) -> Reply | None:
        """在哪, 几点结束, 怎么报名: about the activities of a moment ago."""
        if len(turn.clean) > FOLLOW_UP_MAX or not _ELLIPSIS.search(turn.clean):
            return None
        return turn.reply(self.name, _info(turn), action="info", follow_up=True)

    def answer(self, turn: Turn) -> Reply:
        action = action_of(turn)
        return turn.reply(self.name, _ANSWERS[action](turn), action=action)


def action_of(turn: Turn) -> str:
    """What is to be done about an activity: words first, else what the examples say."""
    clean = turn.clean
    guess = turn.meaning.action("checkin")
    if _NO_PHONE.search(clean):
        return "rule"
    if _MAKE_UP.search(clean) and not _STATUS.search(clean):
        return "makeup"
    if guess in ("host", "rule") and not _LEAVE.search(clean):
        return guess
    for action, pattern in (
        ("problem", _PROBLEM),
        ("cancel", _UNREGISTER),
        ("leave", _LEAVE),
        ("status", _STATUS),
        ("host", _HOST),
    ):
        if pattern.search(clean):
            return action
    return guess if guess in _ANSWERS else "info"


def coming(turn: Turn) -> list[ActivityView]:
    """Running and coming activities, soonest first, those the sentence names before others."""
    context = turn.context
    found = [
        view
        for state in ("ongoing", "upcoming")
        for view in list_activities(
            context.session, state=state, actor=context.actor, now=context.now, per_page=20
        ).items
        if view.activity.state in ("published", "postponed")
    ]
    return sorted(found, key=lambda v: (-_named(v, turn.clean), v.activity.starts, v.activity.code))


def _named(view: ActivityView, clean: str) -> int:
    """How much of the activity's type and name is in the sentence; words every sentence has do not count."""
    title = plain(view.activity.title + "".join(view.activity.theme_tags) + "".join(h.name for h in view.hosts))
    pairs = {title[at : at + 2] for at in range(len(title) - 1)} - {"活动", "支部", "党日", "主题", "党员"}
    of_type = _TYPE_WORDS.get(view.activity.type)
    return sum(pair in clean for pair in pairs) + (3 if of_type and of_type.search(clean) else 0)


def _asked_for(turn: Turn, found: list[ActivityView]) -> tuple[list[ActivityView], str]:
    """Those the sentence names, else all with a word about it."""
    best = _named(found[0], turn.clean)
    if best:
        return [v for v in found if _named(v, turn.clean) * 2 >= best], phrasing.ACTIVITIES
    missing = any(words.search(turn.clean) for words in _TYPE_WORDS.values())
    return found, phrasing.OTHER_ACTIVITIES if missing else phrasing.ACTIVITIES


def line_of(turn: Turn, view: ActivityView) -> str:
    start, end = _local(view, view.activity.starts), _local(view, view.activity.ends)
    return phrasing.ACTIVITY_LINE.format(
        title=view.activity.title,
        day=phrasing.day_text(start, turn.context.local_now),
        time=phrasing.span_text(start, end),
        place=view.activity.place,
    )


def _local(view: ActivityView, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(view.activity.timezone))


def _info(turn: Turn) -> list[Part]:
    found = coming(turn)
    if not found:
        return [Text(phrasing.NO_ACTIVITY)]
    found, lead = _asked_for(turn, found)
    found = found[:SHOWN]
    first = found[0]
    opens = first.activity.starts - OPENS_BEFORE
    if opens <= turn.context.now < first.activity.ends:
        more = phrasing.CHECK_IN_NOW
    else:
        start = _local(first, opens)
        at = f"{phrasing.day_text(start, turn.context.local_now)} {phrasing.clock(start)}"
        more = phrasing.ACTIVITY_MORE.format(opens=at)
    parts: list[Part] = [Text("\n".join([lead, *(line_of(turn, v) for v in found), more]))]
    taps = tuple(
        tap(f"报名《{v.activity.title[:12]}》", f"报名 {v.activity.code}", do="register", code=v.activity.code)
        for v in found
        if v.activity.has_registration and v.mine.registration in (None, "cancelled")
    )
    return [*parts, Choices(phrasing.REGISTER_WHICH, taps)] if taps else parts


def _register(turn: Turn) -> list[Part]:
    if turn.context.actor is None:
        return [*_info(turn), Text(phrasing.SIGN_IN_FOR.format(what="报名"))]
    return _info(turn)


def _cancel(turn: Turn) -> list[Part]:
    mine = [v for v in coming(turn) if v.mine.registration == "registered"]
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="取消报名"))]
    if not mine:
        return [Text(phrasing.NOT_REGISTERED)]
    taps = tuple(
        tap(
            f"取消《{v.activity.title[:12]}》",
            f"取消报名 {v.activity.code}",
            do="unregister",
            code=v.activity.code,
            title=v.activity.title,
        )
        for v in mine[:SHOWN]
    )
    return [Choices(phrasing.UNREGISTER_WHICH, taps)]


def _leave(turn: Turn) -> list[Part]:
    if _ASK_RULE.search(turn.clean):
        return [Text(phrasing.LEAVE_RULE)]
    if turn.context.actor is None:
        return [Text(phrasing.LEAVE_RULE), Text(phrasing.SIGN_IN_FOR.format(what="请假"))]
    found = [v for v in coming(turn) if v.mine.leave is None][:SHOWN]
    if not found:
        return [Text(phrasing.LEAVE_RULE + phrasing.NO_ACTIVITY)]
    taps = tuple(
        tap(
            f"《{v.activity.title[:12]}》请假",
            f"请假 {v.activity.code}",
            do="leave",
            code=v.activity.code,
            title=v.activity.title,
            reason_kind=reason_kind(turn.clean),
            reason=turn.text[:100],
        )
        for v in found
    )
    return [Choices(phrasing.LEAVE_WHICH, taps)]


def reason_kind(clean: str) -> str:
    """Why somebody cannot come, as the form has it."""
    for kind, words in (
        ("family", r"孩子|小孩|老人|家里|家长|父母|爱人|老婆|老公|母亲|父亲|家人"),
        ("sick", r"病|发烧|感冒|住院|不舒服|受伤|看医生"),
        ("travel", r"出差|外地|飞机|火车|高铁|在路上|旅游|赶不回"),
        ("work", r"班|工作|跑车|出车|开会|值守|加班|客户|返工"),
    ):
        if re.search(words, clean):
            return kind
    return "other"


def _problem(turn: Turn) -> list[Part]:
    kind = next((name for name, words in _PROBLEM_KINDS if words.search(turn.clean)), "other")
    return [Text(phrasing.PROBLEM[kind])]


def _make_up(turn: Turn) -> list[Part]:
    return [Text(phrasing.MAKE_UP)]


def _status(turn: Turn) -> list[Part]:
    context = turn.context
    if context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="看自己的活动记录"))]
    found = list_activities(context.session, actor=context.actor, now=context.now, mine=True, per_page=5).items
    if not found:
        return [Text(phrasing.RECORD_NONE)]
    lines = [
        phrasing.RECORD_LINE.format(
            day=phrasing.day_text(_local(v, v.activity.starts), context.local_now),
            title=v.activity.title,
            state=phrasing.REGISTRATION_STATE.get(v.mine.registration or "", "已签到" if v.mine.checked_in_at else ""),
        )
        for v in found
    ]
    return [Text("\n".join([phrasing.RECORD, *lines]))]


def _rule(turn: Turn) -> list[Part]:
    if _LEAVE.search(turn.clean) and _ASK_RULE.search(turn.clean):
        return [Text(phrasing.LEAVE_RULE)]
    kind = next((name for name, words in _RULE_KINDS if words.search(turn.clean)), "other")
    return [Text(phrasing.CHECK_IN_RULE[kind].format(late=10))]


def _host(turn: Turn) -> list[Part]:
    context = turn.context
    if re.search(r"没(有)?手机|老党员|老同志|不会扫", turn.clean):
        return [Text(phrasing.CHECK_IN_RULE["no_phone"])]
    if context.actor is None:
        return [Text(phrasing.HOST_ONLY)]
    found = [
        view
        for state in ("ongoing", "past")
        for view in list_activities(
            context.session, state=state, actor=context.actor, now=context.now, hosted_by_me=True, per_page=1
        ).items
    ]
    if not found:
        return [Text(phrasing.HOST_ONLY)]
    lines = [
        phrasing.HOST_COUNTS.format(title=v.activity.title, registered=v.registered, checked_in=v.checked_in)
        for v in found[:1]
    ]
    return [Text("\n".join(lines))]


_ANSWERS = {
    "info": _info,
    "register": _register,
    "cancel": _cancel,
    "leave": _leave,
    "problem": _problem,
    "makeup": _make_up,
    "status": _status,
    "rule": _rule,
    "host": _host,
}
