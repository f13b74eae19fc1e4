"""A yes-or-no field as a sentence (是否类条件怎么说): `是否列入失信` and no → `未列入失信`."""

_DONE = ("列入", "入驻", "纳入", "取得", "通过", "参加")
"""Verbs that are denied with 未."""
_HELD = ("许可", "资质", "证书", "执照")
"""Things one has or has not."""
_BEFALLS = ("处罚", "事故", "违法", "欠薪")


def as_statement(label: str, holds: bool) -> str:
    """What must be true, in words a person would say. The label alone is the statement where nothing fits better."""
    about = label.removeprefix("是否")
    if about.startswith("在"):
        return about if holds else f"不{about}"
    if about.startswith(_DONE):
        return about if holds else f"未{about}"
    if about.startswith("有"):
        return about if holds else f"没{about}"
    if "已" in about:
        return about if holds else about.replace("已", "未", 1)
    if about.endswith(_HELD):
        return f"有{about}" if holds else f"没有{about}"
    if about.endswith(_BEFALLS):
        return _befell(about, holds)
    return f"是{about}" if holds else f"不是{about}"


def _befell(about: str, holds: bool) -> str:
    """`近两年环保处罚` → `近两年有环保处罚`: the span of time stands in front."""
    span = about[:3] if about.startswith("近") and len(about) > 3 else ""
    return f"{span}{'有' if holds else '没有'}{about[len(span) :]}"
