"""The Chinese sentence of every refusal code, in one table.

A template may use the details of its refusal: `{max}`. A missing detail never breaks the answer.
"""

from collections.abc import Mapping
from typing import Any

MESSAGES: dict[str, str] = {
    # platform
    "malformed": "请求的格式不对，请检查后再试",
    "invalid": "有几项内容填得不对，请看具体说明",
    "not_found": "没有找到您要的内容",
    "method_not_allowed": "这个地址不支持这样的操作",
    "unsupported_media_type": "请用 JSON 格式提交",
    "too_large": "内容太大了，请缩短后再试",
    "too_many_requests": "操作太频繁，请稍后再试",
    "busy": "现在人多，没有办成，请稍后再试",
    "server_error": "系统出了点问题，没有办成，请稍后再试",
    "control_characters": "内容里有看不见的特殊字符，请删掉后再试",
    # people
    "sign_in_required": "请先登录再继续",
    "session_expired": "登录已过期，请重新登录",
    "sign_in_failed": "登录没有成功，请重试",
    "sign_in_blocked": "这个账号暂时不能登录，请联系工作人员",
    "wechat_unavailable": "微信暂时没有回应，请稍后再试",
    "not_allowed": "您没有权限做这件事",
    "staff_sign_in_failed": "用户名、密码或动态码不对",
    "not_yours": "这不是您的记录",
    "unknown_org": "没有找到这家单位",
    "claim_invalid": "这个码不对、已用过或已过期，请向发码的人再要一个",
    "link_needs_merge": "两个账号都有记录，请联系工作人员合并",
    "login_taken": "这个登录名已经有人用了，请换一个",
    "password_too_short": "密码至少 {min} 位",
    # wechat
    "phone_code_invalid": "没有拿到手机号，请再点一次授权",
    "sign_in_preview": "现在是预览模式，请点右下角“使用完整服务”后再登录",
    "no_wechat_account": "请先用微信登录，再打开消息提醒",
    "unknown_template": "没有这种提醒，请刷新页面后再试",
    # writing twice
    "client_uuid_reused": "这次提交的编号已用在另一项内容上，请重新操作",
}


def message_for(code: str, details: Mapping[str, Any]) -> str:
    """The sentence for a code, with the details filled in where they are there."""
    template = MESSAGES.get(code, MESSAGES["invalid"])
    try:
        return template.format_map(details)
    except (KeyError, IndexError, ValueError):
        return template
