"""Facts of a firm said in passing: 八十来号人, 去年做了一千二百万, 研发花了三百万."""

import re
from decimal import Decimal

from domain.quantities import MONEY, Quantity, find_quantities

# field → unit it is kept in, words before or after the figure that name it
_NAMED: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("insured_employees", "人", re.compile(r"参保|交社保|缴社保")),
    ("rd_expense", "万元", re.compile(r"研发|科研|搞技术")),
    ("equipment_invest", "万元", re.compile(r"设备|机器|技改|产线|生产线")),
    ("loan_balance", "万元", re.compile(r"贷款|贷了|借了|欠银行")),
    ("import_export", "万美元", re.compile(r"出口|进口|外销|进出口")),
    ("ip_class1", "项", re.compile(r"发明专利|I类|一类")),
    ("ip_total", "项", re.compile(r"专利|知识产权|软著")),
    ("trucks_owned", "辆", re.compile(r"货车|卡车|拖车|大车|车队|自有车")),
    ("rent_area", "㎡", re.compile(r"厂房|场地|办公|租了|面积")),
    ("employees", "人", re.compile(r"员工|职工|人手|号人|来人|个人|名人|工人|人")),
    ("revenue", "万元", re.compile(r"营收|营业额|收入|产值|销售|做了|流水|卖了|年营|营业")),
)
_NOT_OURS = re.compile(
    r"多少|几个|几百|几千|至少|不低于|不超过|以上|以下|超过|达到|满|要求|标准|奖励?\d|补贴?\d|招了?|引进|应届|毕业生|培训"
)
WINDOW = 8


def stated_facts(text: str) -> dict[str, str]:
    """Field → figure as text, for what the sentence really states of the firm; questions about limits state nothing."""
    found: dict[str, str] = {}
    for quantity in find_quantities(text):
        near = text[max(0, quantity.start - WINDOW) : quantity.end + 4]
        if _NOT_OURS.search(near):
            continue
        named = _name(quantity, text)
        if named and named[0] not in found:
            found[named[0]] = f"{named[1]:f}"
    return found


def _name(quantity: Quantity, text: str) -> tuple[str, Decimal] | None:
    before = text[max(0, quantity.start - WINDOW) : quantity.start]
    around = before + quantity.text + text[quantity.end : quantity.end + 5]
    for field, unit, words in _NAMED:
        value = quantity.as_unit(unit)
        bare = not quantity.unit and (unit in MONEY) is not quantity.scaled  # a bare figure in 万 is money
        if value is None or bare or not words.search(around):
            continue
        return field, value
    return None
