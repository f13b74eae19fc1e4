"""Yes-or-no conditions read as sentences."""

import pytest

from domain.statements import as_statement


@pytest.mark.rule("P10")
@pytest.mark.parametrize(
    ("label", "yes", "no"),
    [
        ("是否在综合保税区内", "在综合保税区内", "不在综合保税区内"),
        ("是否入驻园区", "入驻园区", "未入驻园区"),
        ("是否规上/限上", "是规上/限上", "不是规上/限上"),
        ("高新技术企业", "是高新技术企业", "不是高新技术企业"),
        ("近两年环保处罚", "近两年有环保处罚", "近两年没有环保处罚"),
        ("已投保出口信用险", "已投保出口信用险", "未投保出口信用险"),
        ("项目已开工/备案", "项目已开工/备案", "项目未开工/备案"),
        ("有逾期贷款", "有逾期贷款", "没有逾期贷款"),
        ("道路运输经营许可", "有道路运输经营许可", "没有道路运输经营许可"),
    ],
)
def test_a_yes_or_no_field_is_said_both_ways(label: str, yes: str, no: str) -> None:
    assert (as_statement(label, True), as_statement(label, False)) == (yes, no)
