"""Every sentence the bot says: short, spoken, ending with what can be done next."""

from datetime import datetime, timedelta

WEEKDAYS = "一二三四五六日"

# -- small talk and limits ---------------------------------------------------------------------------
GREETING = "您好，我是链驿小助手。可以问惠企政策、约司机之家的服务、查党日活动，也可以帮您登记诉求。"
THANKS = "不客气，有事随时找我。"
BYE = "好的，再见，路上平安。"
UNDERSTOOD = "好的，还有别的事随时说。"
ABILITIES = (
    "我能帮您做四件事：\n"
    "一、问政策，比如“高企认定要什么条件”；\n"
    "二、约服务，比如“今晚九点冲凉”；\n"
    "三、活动签到，比如“党日几点开始”；\n"
    "四、提诉求，比如“门口路灯坏了”。"
)
EMPTY = "您好像还没说内容，直接打字问我就行，比如“今晚还有床位吗”。"
SMALL_TALK = "这个我帮不上忙。政策、预约、活动和诉求方面的事可以问我。"
NOT_UNDERSTOOD = "没太看懂您的意思，换个说法再试试？也可以点下面的。"
WHICH_MEANT = "您是想问哪一个？"
OTHER_FIRM = "{org}的情况只有它自己的联系人能查。您可以问您自己的企业够不够条件，或直接问政策的条件、材料和时间。"
PRIVACY = "别人的信息不能给您看，您自己的预约、活动和诉求可以问我。"
TAKEOVER = "这个做不到。政策、预约、活动和诉求方面的事可以问我。"
CHOICE_GONE = "这个选项已经过期了，请重新说一遍您要办的事。"
FAILED = "没有办成：{reason}"

# -- emergencies -------------------------------------------------------------------------------------
EMERGENCY = {
    "fire": "先离开危险的地方，马上打 119。不要乘电梯，不要回去拿东西。",
    "traffic": "先确认人是否安全，打开双闪、到护栏外等。有人受伤马上打 120，事故报警打 122。",
    "crime": "先保护好自己，到人多亮堂的地方，马上打 110。",
    "medical": "马上打 120，说清位置和病人情况，守在旁边不要随意搬动。",
}

# -- signing in --------------------------------------------------------------------------------------
SIGN_IN_FOR = "{what}需要先登录，在“我的”里登录后再说一次就行。"
WHICH_FIRM = "您代表几家企业，这次是问哪一家？"

# -- policies ----------------------------------------------------------------------------------------
NO_POLICY = "没有找到对得上的政策，换个说法再问，或者让工作人员帮您看。"
PERHAPS_POLICY = "您是不是想问这方面的政策？"
PERHAPS_OTHER = "不是的话，点一下您要办的："
POLICY_GUEST = "登录并绑定企业后，我可以逐条帮您对条件。"
POLICY_STATED = "按您刚才说的情况（{facts}）对了一遍："
POLICY_MATCHED = "按{org}现有的情况，最值得看的是："
POLICY_MORE = "接着看这几项："
POLICY_NO_MORE = "能看的都给您看过了，换个说法再问，或者说“转人工”让工作人员帮您看。"
POLICY_NONE_OPEN = "现在没有正在受理的政策，过些天再来看看。"
POLICY_WINDOW = "{title}：{window}。"
POLICY_MATERIALS = "{title}要准备：{materials}。"
POLICY_NO_MATERIALS = "{title}没有列出材料，请以主管部门通知为准。"
POLICY_STEPS = "{title}这样办：{steps}"
POLICY_BENEFIT = "{title}：{benefit}。"
POLICY_DEPARTMENT = "{title}由{department}负责，结果以他们审核为准。"
FACT_WRONG = "{reason}，请再说一次。"
FACT_KEPT = "记下了。"
FACT_SKIPPED = "好的，这一项先不问了。"
REMIND = "政策提醒还没有开通，可以把政策页收藏起来，我随时能告诉您截止时间。"

# -- booking -----------------------------------------------------------------------------------------
WHICH_SERVICE = "想约哪项服务？也可以直接说小憩、洗衣、就餐、律师或会议室。"
WHICH_ZONE = "请选一下分区，要约男区还是女区？"
SLOTS = "{day} {service}还有这些时间："
SLOT_FREE = "{day} {time} {service}有位，还剩 {free} 个。要订吗？点一下或回“好”就订好。"
PICK_ONE = "要哪个时间？点一下，或者回数字，比如回 1。"
SLOT_TAKEN = "{day} {time} {service}没有位了，附近还有这些："
SLOTS_NONE = "{day} {service}没有空位了。"
SLOTS_NEXT = "{day} {service}没有空位了，最早是{next}："
WALK_IN = "{service}不用预约，直接来就行。{hours}"
SEE_PLACES = "要约的话看看空位："
BOOKED = "订好了：{day} {time} {service}{unit}。预约号 {code}，保留到 {grace}。到了出示凭证就行。"
REQUESTED = "已提交申请：{day} {time} {service}{unit}，等中心确认后会通知您。"
NO_BOOKINGS = "您现在没有待用的预约。"
MY_BOOKINGS = "您的预约："
BOOKING_LINE = "{day} {time} {service}{unit}，预约号 {code}，保留到 {grace}"
CANCEL_WHICH = "要取消哪一个？"
CANCEL_SURE = "要取消这个吗？{line}"
CANCELLED = "已取消：{day} {time} {service}。"
CANCELLED_LATE = "已取消：{day} {time} {service}。离开始不到 10 分钟，记一次临时取消。"
KEPT = "好的，没有动您的预约。"
LATE = "您约的 {service} 是 {time}，位子给您留到 {grace}。赶不到的话，晚到多久？点一下就给您多留；有事打{phone}。"
LATE_SURE = "您约的 {service} 是 {time}，位子给您留到 {grace}。晚到 {minutes} 分钟，要多留这么久吗？"
LATE_KEPT = "好的，{service}{unit} 已为您留到 {grace}，用到 {end}。路上注意安全，不着急。"
LATE_CONFLICT = "后面有人约了，{service}{unit} 留不了那么久。您看怎么办？什么都不选，剩下的时间还是您的。"
LATE_USED = "您约的 {service} 是 {time}，已经多留过一次，留到 {grace}。还赶不到的话可以改时间，或者打{phone}。"
LATE_NONE = "您现在没有待用的预约。路上注意安全，到了直接来，有空位就能用。"
EXTEND = "您的 {service}{unit} 到 {end} 结束，要延长多久？"
EXTENDED = "延长好了，{service}{unit} 用到 {end}。"
EXTEND_LESS = "后面有人约了，最多还能延长 {most} 分钟，要吗？"
EXTEND_FULL = "后面有人约了，延长不了。到点前可以问问前台有没有别的空位。"
EXTEND_EARLY = "您的 {service} 是 {day} {time}，到店以后就能延长。想现在就约久一点，可以改时间。"
MOVE = "想改到什么时候？点一个新时间就换过去，没订到之前原来的一直给您留着。"
MOVED = "改好了：{day} {time} {service}{unit}，原来的时间已让出。预约号 {code}，保留到 {grace}。"
WAITLIST = "想等哪个时间？说“候补明天早上八点冲凉”这样就行。{next}"
WAIT_TOO = "非要这个时间，也可以排候补："
WAITING = "排上了：{day} {time} {service}，您是第 {place} 位。有空位马上告诉您，到时回一下就订好。"
STANDING = "您在候补 {day} {time} {service}，现在第 {place} 位。有空位马上告诉您。"
OFFERED = "有空位了：{day} {time} {service}，给您留到 {until}。要吗？"
DECLINED_OFFER = "好的，让给下一位了。"
WAIT_ENDED = "好的，不再候补了。"
NEXT_FREE = "最早的空位是{next}。"
PENALTY = (
    "开始前都可以免费取消；开始前 10 分钟内取消算临时取消。"
    "过了保留时间没到算爽约，30 天内满 3 次，7 天内只能约当小时的或直接来；过夜休息不受影响。"
    "中心公布堵车时段内的不算。"
)
LIMITS = (
    "可以提前 {window} 天约，同一时间只能约一个，{service}最多同时约 {most} 个。没有预约也可以直接来，有空位就能用。"
)
CENTRE = "{name}在{place}，{hours}，{free}。{way}{phone}"
NO_PHONE_YET = "值班电话还没登记，到了找前台就行，有人值班。"
CENTRE_PHONE = "值班电话 {phone}。"
NO_PHONE = "前台"
FREE_OF_CHARGE = "场地使用免费"
PRICE = "{service}免费，不收费。"
PRICE_MEAL = "进中心不收费，就餐按优惠价付餐费。"
HOURS = "{service}{hours}。"
LENGTH = "{service}一次 {slot}，最长 {longest}，迟到保留 {grace} 分钟。"
UNITS = "{service}一共 {n} 个位子，现在有 {free} 个空着。"
ON_SITE = "这个要看现场情况，{phone}问一下最准。"
LOST = "东西落下了别急，请打{phone}，值班人员会帮您找。"

# -- activities --------------------------------------------------------------------------------------
NO_ACTIVITY = "近期没有您能参加的活动，发布后这里马上能查到。"
ACTIVITIES = "近期活动："
OTHER_ACTIVITIES = "没有查到您说的活动，近期有这些："
ACTIVITY_LINE = "《{title}》{day} {time}，{place}"
ACTIVITY_MORE = "签到{opens}开放，到现场扫屏幕上的二维码。"
CHECK_IN_NOW = "现在可以签到，扫现场屏幕上的二维码就行。"
REGISTER_WHICH = "要报名哪一场？"
REGISTERED = "报名成功：《{title}》{day} {time}，{place}。"
REGISTERED_ALREADY = "您已经报过名了：《{title}》{day} {time}。"
UNREGISTERED = "已取消报名：《{title}》。"
UNREGISTER_WHICH = "要取消哪一场的报名？"
NOT_REGISTERED = "您近期没有报名活动。"
LEAVE_WHICH = "要给哪一场请假？点一下就提交给您所在支部的书记。"
LEAVE_ASKED = "请假已提交：《{title}》，书记批了会通知您。"
LEAVE_RULE = "请假在开始前提就行，最晚开始后 24 小时内补说原因，由您自己支部的书记批。"
RECORD_NONE = "还没有您的签到记录。"
RECORD = "您最近的活动记录："
RECORD_LINE = "{day}《{title}》{state}"
REGISTRATION_STATE = {
    "registered": "已报名",
    "attended": "已签到",
    "late": "迟到签到",
    "on_leave": "已请假",
    "absent": "缺席",
    "excused": "免记",
    "cancelled": "已取消报名",
    "waitlisted": "候补",
}
PROBLEM = {
    "expired": "屏幕上的码每 20 秒换一次，请对着屏幕重新扫；扫到后 5 分钟内登录确认都算数。",
    "device": "同一部手机给第二个人签，会先转给主办方核对，不是签不上。核对过就算数，不用再扫。",
    "network": "没有网也能扫，记录先存在手机里，有网后自动上传，主办方核对后算数，24 小时内都行。",
    "early": "开始前 30 分钟才能签到，早扫不会影响后面，到点再扫一次就行。",
    "phone": "手机不方便没关系，请主办方点名或扫您的纸质个人码，一样算数。",
    "audience": "提示不在名单，可能是活动只面向部分人。请找现场主办方，符合条件可以当场登记。",
    "review": "“待审核”是转给主办方核对了，核对过就算数，您不用再操作。",
    "other": "请对着现场屏幕重新扫一次；还不行就找主办方点名，一样算数。",
}
MAKE_UP = "忘了签可以补签：请找主办方说明情况，由主办方提出、另一位负责人确认，记为补签，和签到一样算数。"
CHECK_IN_RULE = {
    "late": "开始 {late} 分钟后签到记迟到，人到了就算参加。",
    "other_branch": "可以参加。记在您自己支部名下，对方支部只看到这一场。",
    "guest": "要看活动面向谁：面向大家的都能来，面向党员的请先问主办方；积极分子和家属单独统计。",
    "proxy": "签到只能本人签，截图转发的码过 20 秒就失效。手机不方便可以请主办方点名。",
    "no_phone": "可以不用手机：主办方点名，或打印个人码来扫，一样算数。",
    "location": "一般不要求定位；要求的也只记“近、远、没给”，不给也能签到。",
    "ranking": "不积分、不排名，只是帮您记一下参加过什么。",
    "absent": "不会扣分。来不了提前请个假就行；活动结束 24 小时后才会记缺席。",
    "other": "活动在现场扫码签到，开始前 30 分钟开放，结束就关闭；没报名到现场也能登记。",
}
HOST_COUNTS = "《{title}》：报名 {registered} 人，已签到 {checked_in} 人。名单在活动页“签到名单”里。"
HOST_ONLY = "这是主办方的功能，用支部书记的账号打开活动页就能看到。"

# -- demands -----------------------------------------------------------------------------------------
DRAFT = "帮您写好了诉求草稿，核对一下，点“提交”才会发出去；要补充就回“补充”加内容。"
HANDOVER = "我帮您转给工作人员，刚才的对话会一起带上。点“提交”才会发出去。"
HANDOVER_TWICE = "我一直没听懂，给您转工作人员吧。点“提交”才会发出去。"
ASKS_FOR_HUMAN = "请工作人员联系我"
SUBMIT, SAVE_DRAFT, DROP = "提交", "先存草稿", "不用了"
DRAFT_CHANGED = "改好了，再看一眼："
SUBMITTED = "已提交，诉求编号 {code}。工作人员受理后会通知您，进度随时问我。"
SAVED = "已存成草稿，编号 {code}，在“我的诉求”里改好再提交。"
DROPPED = "好的，没有提交。"
NO_DEMANDS = "您还没有提交过诉求。直接说遇到的问题，我帮您登记。"
MY_DEMANDS = "您的诉求："
DEMAND_LINE = "{code}《{title}》{state}"
DEMAND_MOVES = "催办、撤回、重办和合并还没有开通，工作人员看到后会联系您；着急可以再说一条补充。"
ANONYMOUS = "想匿名的话，提交时只留内容就行，您的姓名不会给被反映的单位看。"

# -- texts of taps -----------------------------------------------------------------------------------
ASK_POLICY, ASK_BOOKING, ASK_CHECKIN, ASK_DEMAND = "问政策", "约服务", "看活动", "提诉求"
TO_HUMAN = "转人工"
OTHER_TIME = "换个时间"
EXAMPLES = {
    "policy": (ASK_POLICY, "有什么政策适合我们"),
    "booking": (ASK_BOOKING, "有什么服务可以约"),
    "checkin": (ASK_CHECKIN, "最近有什么活动"),
    "demand": (ASK_DEMAND, "我要反映问题"),
}


def day_text(moment: datetime, now: datetime) -> str:
    """今天, 明天, 后天, else 12月1日 周二."""
    days = (moment.date() - now.date()).days
    if days in (0, 1, 2):
        return "今天明天后天"[2 * days : 2 * days + 2]
    return f"{moment.month}月{moment.day}日 周{WEEKDAYS[moment.weekday()]}"


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def span_text(start: datetime, end: datetime) -> str:
    """21:00—21:30; the day is named where it is another one."""
    last = "次日" if end.date() > start.date() and end - start < timedelta(days=2) else ""
    return f"{clock(start)}—{last}{clock(end)}"


def length_text(minutes: int) -> str:
    """90 → 1.5 小时."""
    if minutes < 60:
        return f"{minutes} 分钟"
    return f"{minutes / 60:g} 小时"
