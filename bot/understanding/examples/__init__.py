"""Our own example utterances, by intent: what the classifiers are fitted on. None comes from a test set."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.understanding.words import field_words

HERE = Path(__file__).parent
INTENTS = ("policy", "booking", "checkin", "demand", "greeting", "out_of_scope")
# How people wrap a word of the field, by what they then mean.
FRAMES = {
    "policy": (
        "{}有补贴吗",
        "{}怎么申请",
        "{}要什么条件",
        "{}能补多少钱",
        "{}有什么政策",
        "{}有奖励没有",
        "申请{}要什么材料",
        "{}什么时候截止",
        "{}有啥优惠",
        "我们想弄{}有没有扶持",
        "{}的钱什么时候到账",
        "我们够不够{}的条件",
    ),
    "demand": (
        "{}问题想反映一下",
        "{}一直没解决",
        "{}的事帮忙协调一下",
        "{}太差了没人管",
        "{}影响我们生产了",
        "我们遇到{}的困难",
    ),
    "booking": ("{}还有位吗", "预约{}", "今晚想{}", "{}几点开放", "{}要钱吗"),
}
# Things of one kind with what is said about them: every thing meets every saying.
PAIRS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "booking",
        "query",
        "",
        "冲凉 洗澡 淋浴间 床位 过夜 小憩 车位 停车位 洗衣机 食堂 会议室 培训室 律师咨询 活动室 服务窗口",
        "{}还有吗|想约{}|明天{}能约吗|今晚八点{}有空吗|{}满了没",
    ),
    (
        "booking",
        "info",
        "",
        "冲凉 床位 停车 洗衣 食堂 会议室 法律咨询 健身房",
        "{}多少钱|{}收费吗|{}几点开|{}能用多久|{}在哪",
    ),
    ("booking", "cancel", "", "冲凉 床位 车位 洗衣 会议室 律师", "{}取消|{}不要了|{}退掉"),
    ("booking", "delay", "", "堵车 塞车 装货 卸货 排队 修车 过关 查车", "{}呢要晚到|在{}，晚半小时|{}耽误了赶不上"),
    (
        "checkin",
        "info",
        "",
        "党日 主题党日 党课 讲座 志愿服务 观影 培训班 参观 沙龙 座谈会 支部大会 宣讲会",
        "{}几点|{}在哪|{}改到什么时候|{}什么时候结束|{}谁主讲",
    ),
    ("checkin", "register", "", "党日 党课 讲座 志愿服务 观影 培训班 参观 沙龙", "{}怎么报名|{}还有名额吗|我想参加{}"),
    ("checkin", "leave", "", "出差 生病 加班 值班 跑车 开家长会 住院 夜班", "{}参加不了活动|{}去不了党日|{}想请假"),
    ("checkin", "problem", "", "签到码 二维码 签到 扫码", "{}失败|{}没反应|{}提示过期|{}打不开|{}显示错误"),
    (
        "demand",
        "facility",
        "",
        "空调 热水器 水龙头 马桶 门锁 洗衣机 烘干机 电梯 门禁 插座 路灯 充电桩 花洒 饮水机 路面",
        "{}坏了|{}坏了没人修|{}不能用|{}又出问题了",
    ),
    ("demand", "facility", "", "厕所 休息室 食堂 淋浴间 床单 会议室 停车场", "{}太脏了|{}有味道|{}太差了"),
    (
        "demand",
        "supply_chain",
        "",
        "包装 模具 电镀 喷涂 五金 注塑 冷链 运输 芯片 铸件",
        "找{}厂家|急需{}供应商|我们可以做{}|谁家能做{}",
    ),
    ("demand", "labour", "", "焊工 普工 司机 电工 操作工 缝纫工 仓管", "招不到{}|缺{}帮忙想办法|急缺{}"),
    ("demand", "energy", "", "停电 跳闸 断水 电压不稳 燃气不足", "老是{}|{}影响生产|又{}了"),
    ("demand", "admin", "", "审批 许可证 营业执照 验收 备案 批文", "{}一直办不下来|{}拖了几个月|{}跑了好几趟"),
    ("demand", "tax_customs", "", "清关 退税 查验 报关", "{}太慢帮忙协调|{}卡住了"),
    ("demand", "other", "status", "诉求 投诉 反映的问题 上报的事 工单", "{}进展怎么样|{}有结果没|{}处理得如何"),
    (
        "out_of_scope",
        "small_talk",
        "",
        "电影 游戏 手机 餐馆 电视剧 歌 小说 汽车 衣服 化妆品",
        "推荐个{}|{}哪个好|最近有什么好{}",
    ),
)


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance: its intent, the label below it (category or action), a weight."""

    text: str
    intent: str
    label: str
    action: str = ""
    weight: float = 1.0


@cache
def examples() -> tuple[Example, ...]:
    """Everything there is to learn from: utterances as written, then framed words."""
    return (*_written(), *_framed(), *_paired())


def digest() -> str:
    """Changes with every example and every word: weights fitted on others are out of date."""
    said = "\n".join(f"{e.intent} {e.label} {e.action} {e.weight} {e.text}" for e in examples())
    words = "\n".join(f"{group} {' '.join(w)}" for group, w in field_words().groups.items())
    return hashlib.sha256(f"{said}\n{words}".encode()).hexdigest()


def _written() -> list[Example]:
    out: list[Example] = []
    for intent in INTENTS:
        label, action = "", ""
        for line in (HERE / f"{intent}.txt").read_text("utf-8").splitlines():
            if line.startswith("["):
                label, _, action = line.strip("[] ").partition(" ")
            elif line.strip():
                out.append(Example(line.strip(), intent, label, action))
    return out


def _framed() -> list[Example]:
    out: list[Example] = []
    groups = field_words().groups
    for group, words in groups.items():
        intent, label = _meaning(group)
        if not intent:
            continue
        frames = ("{}",) if group == "booking.act" else FRAMES.get(intent, ("{}",))
        for at, word in enumerate(words):
            text = frames[at % len(frames)].format(word)
            out.append(Example(text, intent, label, weight=0.4))
            if intent == "policy":
                other = frames[(at * 3 + 5) % len(frames)].format(word)
                out.append(Example(other, intent, label, weight=0.4))
    return out


def _meaning(group: str) -> tuple[str, str]:
    if group.startswith("cat."):
        return "policy", group.removeprefix("cat.")
    if group.startswith("demand.cat."):
        return "demand", group.removeprefix("demand.cat.")
    return {
        "booking.service": ("booking", "query"),
        "booking.act": ("booking", ""),
        "checkin.word": ("checkin", ""),
        "oos.word": ("out_of_scope", "small_talk"),
        "greeting.word": ("greeting", "greeting"),
    }.get(group, ("", ""))


def _paired() -> list[Example]:
    return [
        Example(saying.format(thing), intent, label, action, weight=0.5)
        for intent, label, action, things, sayings in PAIRS
        for thing in things.split()
        for saying in sayings.split("|")
    ]
