"""Booking 预约: real free places, one tap to take them, one's own bookings, all about a centre."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from bot import centre_facts, phrasing, places
from bot.booking_acts import booking_words, standing_parts
from bot.messages import Choice, Choices, Part, Reply, Text
from bot.turn import Turn, tap
from bot.understanding.slots import Wish, read_wish
from domain.booking import LATE_STEP, MOST_LATE, can_be_late, can_extend
from services.booking.views import BookingView, list_mine

FOLLOW_UP_MAX = 12
_ELLIPSIS = re.compile(r"呢|有吗|有没有|有位|行吗|可以吗|^那|^换|^要|^改")
_MINE = re.compile(
    r"我的预约|我(都|一共|全部|总共)?(约|订|定)了?(的|几|什么|啥|没|哪|咩)|预约(记录|码|号|成功)|订单|凭证|约上(了)?(没|吗)|(查|看).{0,4}预约|订成功|订的(是)?几|有没有(约|订)(上|成功)|核销|入场码|几号位"
)
_CANCEL = re.compile(
    r"取消|退(了|掉|订|一下|一个)?(?!休)|不(去|来|约|订|洗|睡|住|停|想去|想洗|要)了|来不了|去不成|唔去|改天再"
)
_DELAY = re.compile(
    r"晚(点|一点|些)?(到|来)|迟(点|到|啲|半)|(?<![今明昨当听夜])晚[^睡住想约订洗停歇]{0,6}(分钟|小时|钟|到)|堵(车|在|死|住)|塞(车|紧|住)|赶不(到|上|及)|来不及|保留|留(一下|着|位|住)|等等我|在路上|抛锚|车坏|耽误|封了"
)
_EXTEND = re.compile(
    r"延长|加(个)?(时|钟)|续(一|两|几|个|时|到)|多(睡|洗|停|待|躺|用|坐)|再(睡|停|躺|续|待|加|洗)|超时|还没洗完|时间不够"
)
_MOVE = re.compile(
    r"改(到|成|期|个时间|一下|时间|签|早|晚|下周|女|男)|换(到|成|个?(时间|时段|床|位|号|日子))|推迟|提前(一|两|半|到)|延后|挪"
)
_WAIT = re.compile(r"候补|排(队|第|到|几|个队)|前面(还有)?几|候着|有人(退|取消)|轮到|有空(了)?(通知|告诉|叫)|前面还有")
_RULE = re.compile(
    r"爽约|违约|处罚|罚|扣分|拉黑|黑名单|限制|禁止|后果|会怎(么)?样|不算|算不算|一个人能|最多(能)?约|能约几|提前(几|多久)|几天能约"
    r"|不预约|没(有)?预约|帮别人|过时|迟到多久|保留(时间|多久)|能约两|为什么不能约"
)
_WANTS_PLACE = re.compile(
    r"有(没有)?(空|位|床)|还有|空(着|闲|位)|预约(?!.{0,3}(收费|要钱))|(帮我|想|要|能)(约|订)|[0-9一二三四五六七八九十两]+点.{0,4}(可以|行|有|能)"
)
_FACTS = re.compile(
    r"几点(钟)?(开|关|上班|下班|供应|有|结束|到)|什么时候(在|开|上班)|上班时间|开放时间|营业|收费|多少钱|免费|要钱|在哪|怎么(走|去)|地址|电话|多久|最长"
)
_BARE_FACT = re.compile(
    r"^(那|这个?|它)?(要|得)?(多少钱|几多钱|(收|要|花)(费|钱)|免费|几点(开|关)?(门)?|多久|多长时间|在哪|怎么走|电话)(的|啊|呀|吗|么|不|呢|嘞)*$"
)


class BookingIntent:
    name = "booking"

    def score(self, turn: Turn) -> float:
        return turn.meaning.intent.of(self.name)

    def follow_up(self, turn: Turn) -> Reply | None:
        """那明天呢, 下午三点有吗, 女区呢: the service of a moment ago at another time or in another zone."""
        kind = turn.context.memory.get("service_kind")
        wish = read_wish(turn.text, turn.clean, turn.context.local_now)
        if kind is None or len(turn.clean) > FOLLOW_UP_MAX or (wish.service or kind) != kind:
            return None
        if _BARE_FACT.match(turn.clean):
            return turn.reply(self.name, _info(turn, wish), action="info", follow_up=True)
        if _MOVE.search(turn.clean) and upcoming(turn):
            return turn.reply(self.name, _move(turn, wish), action="reschedule", slots=_why(wish), follow_up=True)
        if not (wish.day or wish.start or wish.part or wish.zone) or not _ELLIPSIS.search(turn.clean):
            return None
        return turn.reply(self.name, _query(turn, wish), action="query", slots=_why(wish), follow_up=True)

    def answer(self, turn: Turn) -> Reply:
        action = action_of(turn)
        wish = read_wish(turn.text, turn.clean, turn.context.local_now)
        turn.context.remember(service_kind=wish.service or turn.context.memory.get("service_kind"))
        parts = _ANSWERS[action](turn, wish)
        return turn.reply(self.name, parts, action=action, slots=_why(wish))


def action_of(turn: Turn) -> str:
    """What is to be done about a booking: words first, else what the examples say."""
    clean = turn.clean
    for action, pattern in (
        ("rule", _RULE),
        ("waitlist", _WAIT),
        ("extend", _EXTEND),
        ("cancel", _CANCEL),
        ("reschedule", _MOVE),
        ("delay", _DELAY),
        ("mine", _MINE),
    ):
        if pattern.search(clean):
            return action
    if _FACTS.search(clean) and not _WANTS_PLACE.search(clean):
        return "info"
    return "info" if turn.meaning.action("booking") in ("info", "rule") else "query"


def _why(wish: Wish) -> dict[str, str]:
    start = wish.start.isoformat() if wish.start else wish.day.isoformat() if wish.day else None
    said = {"service": wish.service, "when": start, "minutes": wish.minutes, "zone": wish.zone}
    return {key: str(value) for key, value in said.items() if value}


def _query(turn: Turn, wish: Wish) -> list[Part]:
    """Free places of the service; without a service, which one."""
    service = places.find_service(turn, wish)
    if service is None:
        return [_which_service(turn)]
    return places.offer(turn, service, wish)


def _which_service(turn: Turn) -> Choices:
    shown = places.usual_services(turn)[:3]
    return Choices(
        phrasing.WHICH_SERVICE,
        tuple(tap(s.name, f"预约{s.name}", do="offer", service=s.code, said=turn.text) for s in shown),
    )


def _info(turn: Turn, wish: Wish) -> list[Part]:
    service = places.find_service(turn, wish)
    parts: list[Part] = [Text(centre_facts.tell(turn, service))]
    if service is not None and service.is_bookable:
        parts.append(Choices(phrasing.SEE_PLACES, (tap(f"看{service.name}空位", do="offer", service=service.code),)))
    return parts


def _rule(turn: Turn, wish: Wish) -> list[Part]:
    service = places.find_service(turn, wish)
    if re.search(r"几天|多久|提前|能约几|最多|两个|帮别人|不预约|没(有)?预约", turn.clean) and service is not None:
        most = service.max_future_per_person or 2
        return [Text(phrasing.LIMITS.format(window=service.window_days, service=service.name, most=most))]
    return [Text(phrasing.PENALTY)]


def upcoming(turn: Turn) -> list[BookingView]:
    """One's own coming bookings, soonest first."""
    context = turn.context
    if context.actor is None:
        return []
    mine, _ = list_mine(context.session, context.actor.person_id, state="upcoming", now=context.now)
    return sorted(mine, key=lambda b: b.start)


def line_of(turn: Turn, booking: BookingView) -> str:
    zone = booking.service.opening.tz
    start, end = booking.start.astimezone(zone), booking.end.astimezone(zone)
    return phrasing.BOOKING_LINE.format(
        day=phrasing.day_text(start, turn.context.local_now),
        time=phrasing.span_text(start, end),
        service=booking.service.name,
        unit=f" {booking.unit_no}" if booking.unit_no else "",
        code=booking.code,
        grace=phrasing.clock(booking.kept_until.astimezone(zone)),
    )


def _mine(turn: Turn, wish: Wish) -> list[Part]:
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="看自己的预约"))]
    found = upcoming(turn)
    if not found:
        return [Text(phrasing.NO_BOOKINGS), _which_service(turn)]
    return [Text("\n".join([phrasing.MY_BOOKINGS, *(line_of(turn, b) for b in found[:5])]))]


def _cancel(turn: Turn, wish: Wish) -> list[Part]:
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="取消预约"))]
    found = _meant(upcoming(turn), wish)
    cancellable = [b for b in found if b.state in ("requested", "confirmed")]
    if not cancellable:
        return [Text(phrasing.NO_BOOKINGS)]
    if len(cancellable) == 1:
        return [ask_to_cancel(turn, cancellable[0])]
    taps = tuple(
        tap(f"取消 {_short(turn, b)}", f"确认取消 {b.code}", do="cancel", code=b.code) for b in cancellable[:3]
    )
    return [Choices(phrasing.CANCEL_WHICH, taps)]


def ask_to_cancel(turn: Turn, booking: BookingView) -> Choices:
    """要取消这个吗: a yes or a tap cancels, anything else leaves it."""
    yes = tap("确认取消", f"确认取消 {booking.code}", do="cancel", asked=True, code=booking.code)
    return Choices(phrasing.CANCEL_SURE.format(line=line_of(turn, booking)), (yes, tap("不取消", do="keep")))


def _short(turn: Turn, booking: BookingView) -> str:
    start = booking.start.astimezone(booking.service.opening.tz)
    return f"{phrasing.day_text(start, turn.context.local_now)} {phrasing.clock(start)} {booking.service.name}"


def _meant(bookings: list[BookingView], wish: Wish) -> list[BookingView]:
    """Those that the sentence speaks of; all of them where it names none."""
    of_service = [b for b in bookings if wish.service and b.service.code.lower().endswith(f".{wish.service}")]
    kept = of_service or bookings
    on_day = [b for b in kept if wish.day and b.start.astimezone(b.service.opening.tz).date() == wish.day]
    kept = on_day or kept
    at_time = [b for b in kept if wish.start and b.start == wish.start]
    return at_time or kept


def _delay(turn: Turn, wish: Wish) -> list[Part]:
    """晚到四十分钟: one tap keeps the place longer; without a length, how much later."""
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="查您的预约"))]
    found = _meant(upcoming(turn), Wish(wish.service, None, None, None, None, None))
    if not found:
        return [Text(phrasing.LATE_NONE)]
    booking, now = found[0], turn.context.now
    zone = booking.service.opening.tz
    words = {
        "service": booking.service.name,
        "time": _day_and_clock(turn, booking.start.astimezone(zone)),
        "grace": phrasing.clock(booking.kept_until.astimezone(zone)),
        "phone": centre_facts.phone_of(turn, booking.service),
    }
    later = tap("改晚一点", do="offer_move", code=booking.code, after=_later(booking, wish).isoformat())
    cancel = tap("取消这次", do="ask_cancel", code=booking.code)
    if not can_be_late(booking.state, booking.late_minutes, booking.kept_until, now=now):
        return [Choices(phrasing.LATE_USED.format(**words), (later, cancel, tap("不用了", do="keep")))]
    minutes = _late_minutes(wish)
    if minutes is None:
        keep = tuple(_late_tap(booking, m) for m in (20, 40, 60))
        return [Choices(phrasing.LATE.format(**words), (*keep, cancel))]
    text = phrasing.LATE_SURE.format(minutes=minutes, **words)
    return [Choices(text, (_late_tap(booking, minutes, asked=True), later, cancel))]


def _late_tap(booking: BookingView, minutes: int, *, asked: bool = False) -> Choice:
    return tap(
        f"晚到 {minutes} 分钟", f"晚到 {minutes} 分钟 {booking.code}", do="late", asked=asked, code=booking.code,
        minutes=minutes,
    )  # fmt: skip


def _late_minutes(wish: Wish) -> int | None:
    """So many minutes late, in whole steps; None where the sentence does not say, or too many to be kept."""
    if wish.minutes is None or not 0 < wish.minutes <= MOST_LATE:
        return None
    return -(-wish.minutes // LATE_STEP) * LATE_STEP


def _day_and_clock(turn: Turn, local: datetime) -> str:
    return f"{phrasing.day_text(local, turn.context.local_now)} {phrasing.clock(local)}"


def _later(booking: BookingView, wish: Wish) -> datetime:
    return booking.start + timedelta(minutes=wish.minutes or 30)


def _extend(turn: Turn, wish: Wish) -> list[Part]:
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="延时"))]
    found = _meant(upcoming(turn), wish)
    if not found:
        return [Text(phrasing.NO_BOOKINGS)]
    booking = next((b for b in found if b.state == "checked_in"), found[0])
    words = booking_words(turn, booking)
    if not can_extend(booking.state, booking.start, now=turn.context.now):
        later = tap("改时间", do="offer_move", code=booking.code, after=booking.start.isoformat())
        return [Choices(phrasing.EXTEND_EARLY.format(**words), (later, tap("不用了", do="keep")))]
    wished = [wish.minutes] if wish.minutes and wish.minutes % 5 == 0 else [30, 60]
    taps = tuple(
        tap(
            f"延长 {minutes} 分钟", f"延长 {minutes} 分钟 {booking.code}", do="extend", asked=len(wished) == 1,
            code=booking.code, minutes=minutes, seen_end=booking.end.isoformat(),
        )
        for minutes in wished
    )  # fmt: skip
    return [Choices(phrasing.EXTEND.format(**words), (*taps, tap("不用了", do="keep")))]


def _move(turn: Turn, wish: Wish) -> list[Part]:
    if turn.context.actor is None:
        return [Text(phrasing.SIGN_IN_FOR.format(what="改时间"))]
    found = _meant(upcoming(turn), Wish(wish.service, None, None, None, None, None))
    if not found:
        return [Text(phrasing.NO_BOOKINGS), *_query(turn, wish)]
    offered = places.offer(turn, found[0].service, moved(wish, found[0]))
    turn.context.remember(moving=found[0].code)
    return [Text(phrasing.MOVE), *offered]


def moved(wish: Wish, booking: BookingView) -> Wish:
    """改到三点半: of the booking's own day, and of its half of the day, where neither was said."""
    old = booking.start.astimezone(booking.service.opening.tz)
    if wish.start is None or wish.is_day_said:
        return wish
    said = wish.start.astimezone(old.tzinfo)
    on_day = [old.replace(hour=hour, minute=said.minute) for hour in {said.hour, (said.hour + 12) % 24}]
    start = said.replace(year=old.year, month=old.month, day=old.day)
    if wish.part is None and said.hour < 12:
        start = min(on_day, key=lambda at: (abs(at - old), at))
    return replace(wish, day=old.date(), start=start)


def _waitlist(turn: Turn, wish: Wish) -> list[Part]:
    """候补: where one stands; else a line to get into, for a time that is full."""
    standing = standing_parts(turn)
    if standing and wish.start is None:
        return standing
    service = places.find_service(turn, wish)
    if service is None:
        return [Text(phrasing.WAITLIST.format(next="")), _which_service(turn)]
    if wish.start is None:
        return [Text(phrasing.WAITLIST.format(next=places.next_free_text(turn, service, wish)))]
    return places.offer(turn, service, wish)


_ANSWERS = {
    "query": _query,
    "info": _info,
    "rule": _rule,
    "mine": _mine,
    "cancel": _cancel,
    "delay": _delay,
    "extend": _extend,
    "reschedule": _move,
    "waitlist": _waitlist,
}
