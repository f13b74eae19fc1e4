"""A text as weighted features: characters, sounds, words of the field."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

from bot.understanding.text import Sounds, mandarin, plain, sounds_of
from bot.understanding.words import Found, field_words

SOUND_WEIGHT = 0.6
"""A word that only sounds alike counts less than the word itself."""
WORD_WEIGHT = 0.8
PATTERN_WEIGHT = 0.7
WHOLE_ONLY = "greeting.word"
"""Words of this group count only where they are nearly all that is said: `行` in `行不行` is no greeting."""
LENGTH = 120
"""Characters looked at: a long message says what it is about early."""


# Ways of speaking that no list of words can hold.
PATTERNS: dict[str, re.Pattern[str]] = {
    "time": re.compile(
        r"[今明后昨听琴](天|日|晚|早|朝|夜)|[0-9一二三四五六七八九十两]+(点|號|号)|上午|下午|中午|晚上|凌晨|半夜|夜里|(周|星期|礼拜)[一二三四五六日天0-9]"
    ),
    "stay": re.compile(r"(能|可以|要|想|有).{0,5}(住|睡|洗|停|躺|歇|瞓|泊)(?!务)"),
    "complaint": re.compile(
        r"(没|不|无|冇)(有)?(人|法|能)?(管|理|修|来|批|给|发|还|通|亮|制冷|清|处理|回|联系|赔|签合同|认)|坏[了咗]|断了|堵[了死住]"
        r"|太(差|脏|吵|堵|慢|难|贵|窄|黑|臭|乱)|老是|总是|天天|经常|频繁|好几[次趟回天]|屡次|隔三差五|[0-9一二三四五六七八九十两半]个?(多)?(月|年|周|天|星期)(了|没|都|还)"
        r"|被.{0,6}(骗|扣|辞|抢注|抄|罚|裁|欠)"
    ),
    "report": re.compile(r"投诉|举报|反映|翻映|诉求|找(你们)?领导|没人(管|理|修)"),
    "at_event": re.compile(r"(会|课|党日|活动|讲座|沙龙).{0,4}(在?几楼|几点|哪天|几号|在哪|哪个(厅|教室|房间))"),
    "benefit": re.compile(
        r"(补|奖|贴|减|免|优惠|扶持|资助|享受|申请|申报|领|报销|支持|红利|认定|评).{0,8}(吗|么|没|不|多少|几|怎么|咋|什么|如何|啥|点|标准|条件|比例|流程|材料)"
        r"|(怎么|咋|如何|能不能|可以|能).{0,6}(申请|申报|认定|领取?|享受|评|报)"
    ),
    "where": re.compile(r"在哪|哪里|哪儿|边度|怎么走|怎么去|地址|几楼"),
    "own_record": re.compile(r"我.{0,6}(几次|记录|成功|上了|上没|参加过|签过|约的|订的|报的)"),
    "seek": re.compile(
        r"(想|要|需要|急需|寻找|求|缺|帮忙?|找).{0,4}(找|购|租|对接|合作|厂家|供应商|代工|加工|牵线|介绍)"
    ),
    "ours": re.compile(r"我们|我司|咱们?公司|公司|企业|厂里|厂子|咱厂|我厂"),
    "cannot_come": re.compile(r"(去|来|到|参加|赶|走)(不了|不成|唔到|不上|不及)|不(去|来|想去|参加)(了)?"),
}


@dataclass(frozen=True, slots=True)
class Features:
    """What the classifiers see, and the words to name when asked why."""

    text: str
    values: dict[str, float]
    found: tuple[Found, ...]


def features_of(text: str) -> Features:
    """Characters (1 to 3), pinyin pairs and the groups of known words in it."""
    clean = plain(text)[:LENGTH]
    spoken = mandarin(clean)
    return replace(features_from(spoken, sounds_of(spoken)), text=clean)


def features_from(clean: str, sounds: Sounds) -> Features:
    """The same from a plain text and its sounds."""
    grams = _grams(clean, sounds)
    scale = 1 / sqrt(sum(v * v for v in grams.values())) if grams else 0.0
    values = {name: value * scale for name, value in grams.items()}
    found = field_words().find(clean, sounds)
    for name, pattern in PATTERNS.items():
        if pattern.search(clean):
            values[f"w:~{name}"] = PATTERN_WEIGHT
    whole = sum(len(item.word) for item in found if WHOLE_ONLY in item.groups) >= 0.5 * len(clean)
    for item in found:
        for group in item.groups:
            if group == WHOLE_ONLY and not whole:
                continue
            weight = WORD_WEIGHT * (SOUND_WEIGHT if item.by_sound else 1)
            for name in {group, _family(group)}:
                values[f"w:{name}"] = min(values.get(f"w:{name}", 0.0) + weight, 2 * WORD_WEIGHT)
    return Features(clean, values, tuple(found))


def _family(group: str) -> str:
    """`cat.rnd` and `cat.tax` are both subjects of policies: what they share is learned once."""
    return group.rpartition(".")[0] if "cat." in group else group


def _grams(clean: str, sounds: Sounds) -> dict[str, float]:
    grams: dict[str, float] = {}
    edged = f"^{clean}$"
    for char in clean:
        grams[char] = 0.5
    for size, weight in ((2, 1.0), (3, 0.8)):
        for start in range(len(edged) - size + 1):
            grams[edged[start : start + size]] = weight
    for pair in pairwise(sounds):
        if 0 not in pair:
            grams[f"p:{pair[0]} {pair[1]}"] = 0.7
    return grams
