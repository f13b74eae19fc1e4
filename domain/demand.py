"""Demands 诉求: their categories, states, and who may move them. The way to an office comes later."""

CATEGORIES: dict[str, str] = {
    "talent": "人才用工",
    "policy": "政策支持",
    "finance": "金融",
    "fund": "基金",
    "land": "土地用房",
    "environment": "生态环境与安全",
    "energy": "能源",
    "supply_chain": "供需配套",
    "traffic": "交通物流",
    "facility": "中心设施与服务",
    "admin": "审批办事",
    "labour": "劳动关系",
    "legal": "法律",
    "tax_customs": "税务海关",
    "ip": "知识产权",
    "other": "其他",
}

# state → states the requester may move it to
MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"submitted"}),
    "submitted": frozenset(),
}

STATE_TEXT = {"draft": "草稿，还没有提交", "submitted": "已提交，等待受理"}

TITLE_MAX = 40
TEXT_MAX = 2000


def may_move(state: str, to: str) -> bool:
    """Whether the requester may move a demand from one state to the other."""
    return to in MOVES.get(state, frozenset())


def title_from(text: str) -> str:
    """A short title out of what was said: the first sentence, cut."""
    first = text.strip()
    for sign in "。！？!?；;\n，,":
        head = first.split(sign)[0].strip()
        if len(head) >= 4:
            first = head
    return first if len(first) <= TITLE_MAX else first[: TITLE_MAX - 1] + "…"
