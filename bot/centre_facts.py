"""Facts about a centre and its services 服务中心: address, hours, price, length, phone."""

import re

from bot import phrasing
from bot.places import centre_named, kind_of
from bot.turn import Turn
from domain.hours_text import hours_text
from domain.service_types import ServiceFacts
from services.centre.catalogue import CentreFacts, all_centres, centre_by_code
from services.centre.centres import get_service

_PRICE = re.compile(r"钱|收费|价格|价钱|免费|贵|便宜|多少(块|元)|费用|付费")
_WHERE = re.compile(
    r"在哪|哪里|哪儿|边度|地址|怎么(走|去|过去|进)|咋(走|去)|导航|多远|远不远|位置在|几楼|哪个门|离.{0,6}远"
)
_HOURS = re.compile(
    r"几点|开门|关门|营业|开放|上班|下班|24小时|二十四小时|通宵开|晚上.{0,4}(开|关|有人)|节假日|过年|春节|周末开|开餐|开饭|早餐到|供应"
)
_LENGTH = re.compile(r"多久|多长时间|几个小时|时间限制|最长|最多(能)?(停|睡|洗|待|用)|限时")
_PHONE = re.compile(r"电话|联系方式|联系|怎么找|打给")
_COUNT = re.compile(r"几个|多少(个|张|间|台)|一共|有多少")
_LOST = re.compile(r"落(在|下)|忘(在|拿|了)|丢|捡到|失物|遗失")
_ON_SITE = re.compile(
    r"毛巾|沐浴露|洗发|吹风|拖鞋|被|床单|枕|wifi|充电|开水|热水|抽烟|微波炉|超市|柜子|洗衣液|狗|宠物|菜|餐|饭|单间|夫妻|家属|孩子|小孩|证件|身份证|监控|限高|进得去|危化|挂|带什么|清真"
)


def tell(turn: Turn, service: ServiceFacts | None) -> str:
    """What was asked about a service or a centre; where nobody wrote it down, whom to call."""
    centre = _centre(turn, service)
    if centre is None:
        return phrasing.ON_SITE.format(phone=phrasing.NO_PHONE)
    if service is not None:
        said = _about_service(turn, service, centre)
        if said is not None:
            return said
    phone = centre.contact or phrasing.NO_PHONE
    if _PHONE.search(turn.clean):
        return phrasing.CENTRE_PHONE.format(phone=centre.contact) if centre.contact else phrasing.NO_PHONE_YET
    if _LOST.search(turn.clean):
        return phrasing.LOST.format(phone=phone)
    if _PRICE.search(turn.clean):
        return phrasing.PRICE_MEAL
    if _ON_SITE.search(turn.clean) and not _HOURS.search(turn.clean) and not _WHERE.search(turn.clean):
        return phrasing.ON_SITE.format(phone=phone)
    return _about_centre(turn, centre)


def _about_service(turn: Turn, service: ServiceFacts, centre: CentreFacts) -> str | None:
    """What is written down of a service; None where the question is about the house."""
    clean = turn.clean
    if any(pattern.search(clean) for pattern in (_LOST, _PHONE, _WHERE)):
        return None
    if _PRICE.search(clean):
        return phrasing.PRICE_MEAL if kind_of(service) == "meal" else phrasing.PRICE.format(service=service.name)
    if _LENGTH.search(clean):
        return _length(service)
    if _COUNT.search(clean):
        now = get_service(turn.context.session, service.code, now=turn.context.now)
        total = service.capacity or len(service.units)
        return phrasing.UNITS.format(service=service.name, n=total, free=now.free_now)
    if _ON_SITE.search(clean) and not _HOURS.search(clean):
        return None
    hours = phrasing.HOURS.format(service=service.name, hours=hours_text(service.opening, turn.context.today))
    return hours if _HOURS.search(clean) else hours + _length(service)


def phone_of(turn: Turn, service: ServiceFacts) -> str:
    return centre_by_code(turn.context.session, service.centre_code).contact or phrasing.NO_PHONE


def _centre(turn: Turn, service: ServiceFacts | None) -> CentreFacts | None:
    if service is not None:
        return centre_by_code(turn.context.session, service.centre_code)
    centres = all_centres(turn.context.session)
    named = [c for c in centres if c.services and centre_named(c.services[0], turn.clean)]
    return next(iter(named or centres), None)


def _about_centre(turn: Turn, centre: CentreFacts) -> str:
    return phrasing.CENTRE.format(
        name=centre.name,
        place=centre.place,
        hours=hours_text(centre.opening, turn.context.today),
        free=phrasing.FREE_OF_CHARGE if centre.is_free else "部分项目收费",
        way=f"{centre.way_in}。" if centre.way_in else "",
        phone=phrasing.CENTRE_PHONE.format(phone=centre.contact) if centre.contact else "",
    )


def _length(service: ServiceFacts) -> str:
    return phrasing.LENGTH.format(
        service=service.name,
        slot=phrasing.length_text(service.slot_minutes),
        longest=phrasing.length_text(service.max_minutes),
        grace=service.grace_minutes,
    )
