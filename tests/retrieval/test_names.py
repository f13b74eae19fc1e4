"""Names in a sentence: whole, shortened, mistyped; never by a tiny overlap."""

import pytest

from retrieval.names import core, mentioned

FIRMS = ("云港示范集运有限公司（虚构）", "蓝湾仓配有限公司（虚构）", "海渔珠宝制造有限公司（虚构）", "新风光", "华大")


def test_a_name_loses_its_legal_form() -> None:
    assert core("云港示范集运有限公司（虚构）") == "云港示范集运"


@pytest.mark.rule("T51")
@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("蓝湾仓配有限公司有多少员工", "蓝湾仓配有限公司（虚构）"),
        ("蓝湾仓配能申请高企吗", "蓝湾仓配有限公司（虚构）"),
        ("蓝弯仓配能申请高企吗", "蓝湾仓配有限公司（虚构）"),
        ("海漁珠寶製造的營收是多少", "海渔珠宝制造有限公司（虚构）"),
        ("新风光有什么资质", "新风光"),
        ("云港示范集运够不够小巨人", "云港示范集运有限公司（虚构）"),
    ],
)
def test_a_firm_is_found_whole_shortened_and_mistyped(text: str, firm: str) -> None:
    assert mentioned(text, FIRMS) == firm


@pytest.mark.rule("T51")
@pytest.mark.parametrize(
    "text",
    ["我们公司能申请什么补贴", "华大", "珠宝企业有什么政策", "仓配", "风光好的民宿有奖励吗", "", "示范企业怎么评"],
)
def test_a_tiny_overlap_names_nobody(text: str) -> None:
    assert mentioned(text, FIRMS) is None
