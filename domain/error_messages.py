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
    "unknown_org": "没有找到这家单位",
    "claim_invalid": "这个码不对、已用过或已过期，请向发码的人再要一个",
    "link_needs_merge": "两个账号都有记录，请联系工作人员合并",
    "name_registered": "您的名字由支部或单位登记，要改请联系他们",
    "login_taken": "这个登录名已经有人用了，请换一个",
    "password_too_short": "密码至少 {min} 位",
    # wechat
    "phone_code_invalid": "没有拿到手机号，请再点一次授权",
    "sign_in_preview": "现在是预览模式，请点右下角“使用完整服务”后再登录",
    "no_wechat_account": "请先用微信登录，再打开消息提醒",
    "unknown_template": "没有这种提醒，请刷新页面后再试",
    # activities and check-in
    "unknown_activity": "没有找到这场活动",
    "unknown_activity_type": "没有这种活动类型，请重新选择",
    "unknown_host": "没有找到主办方 {host}，请重新选择",
    "not_host": "只有主办方可以这样做",
    "times_out_of_order": "结束时间要晚于开始时间，请检查后再试",
    "activity_in_past": "活动时间已经过去，请改成以后的时间",
    "activity_state": "活动现在的状态不能这样做",
    "activity_cancelled": "活动已取消",
    "activity_postponed": "活动已延期，请留意新的时间",
    "activity_full": "名额已满，可以到现场扫码，由主办方安排",
    "registration_not_needed": "这场活动不用报名，到现场扫码签到就行",
    "registration_not_open": "{clock} 开始报名，到时再来",
    "registration_closed": "报名已截止；活动当天到现场扫码也可以签到",
    "not_registered": "您还没有报名这场活动",
    "already_checked_in": "您已经签到了，不用再操作",
    "not_in_audience": "这场活动不面向您开放，如有疑问请问主办方",
    "leave_too_late": "开始超过 24 小时不能再请假，请联系支部书记",
    "leave_reason_required": "活动已经开始，请写一句请假原因",
    "no_home_branch": "您还没有所属党支部，不用请假；已报名的可以直接取消",
    "check_in_by_host": "这场活动由工作人员签到，请到签到台",
    "check_in_not_open": "{clock} 开始签到，到时再扫一次",
    "check_in_closed": "签到已结束，需要补签请联系主办方",
    "code_forged": "这不是本场活动的签到码，请扫现场屏幕上的码",
    "code_expired": "这个码已经换了，请扫屏幕上现在的码",
    "code_not_yet": "这个码还没到时间，请扫屏幕上现在的码",
    "code_wrong_activity": "这是另一场活动的签到码，请扫本场屏幕上的码",
    "ticket_invalid": "这次扫码无效，请重新扫屏幕上的码",
    "ticket_expired": "扫码已超过 5 分钟，请重新扫屏幕上的码",
    "ticket_used": "这次扫码已被另一个账号用过，请自己重新扫一次",
    "ticket_wrong_activity": "这次扫码是另一场活动的，请扫本场屏幕上的码",
    # centres and bookings
    "unknown_centre": "没有找到这个服务中心",
    "unknown_service": "没有找到这项服务",
    "unknown_booking": "没有找到这条预约",
    "slot_full": "该时段已约满，请看看旁边的时间",
    "closed_then": "这段时间不开放，请换个时间",
    "closed_now": "这里临时停用：{reason}。请换个时间或看看别的中心",
    "calendar_gone": "这个日历链接已失效，请在“我的”里重新获取",
    "unknown_notice": "没有找到这条公告，它可能已经结束",
    "notice_times": "结束时间要晚于开始时间，请检查后再试",
    "restricted": "近 30 天有三次没来，{until} 前可直接到店，或约一小时内的时段；过夜休息不受影响",
    "zone_required": "请先选择男区或女区",
    "zone_not_served": "这项服务没有您选的分区，请换一个分区或服务",
    "unknown_zone": "没有这个分区，请选男区或女区",
    "overlap": "您这个时间已有一个预约，可先取消它，或换个时间",
    "too_many": "这项服务最多同时约 {max} 个，请先用掉或取消一个",
    "walk_in_only": "这项服务不用预约，直接到店就行",
    "who_may_book": "这项服务只对部分人员开放，请联系中心工作人员",
    "start_in_past": "这个时间已经过了，请选之后的时间",
    "beyond_window": "最多提前 {days} 天预约，请选 {last_date} 或更早的时间",
    "off_grid": "开始时间要选列表里的时刻（每 {step} 分钟一个）",
    "minutes_out_of_range": "时长要在 {min}–{max} 分钟之间，每次加减 {step} 分钟",
    "party_size": "人数要在 1–{max} 人之间",
    "not_a_plate": "车牌号看起来不对，请检查后再填",
    "naive_time": "时间缺少时区，请更新后再试",
    "date_out_of_range": "日期超出范围，请重新选择",
    "unknown_timezone": "没有这个时区",
    "bad_position": "位置格式不对，不填位置也可以",
    "booking_state": "这条预约现在不能这样操作，请刷新后再看",
    "too_early": "还没到时间，开始前 30 分钟起可以办理到店",
    "stay_over": "预约时间已经结束，请重新预约或按现场到店办理",
    "nothing_to_move": "和现在的时间一样，不用改",
    "late_minutes": "晚到时间请选 5–{max} 分钟，每次加减 {step} 分钟",
    "late_used": "已经说过一次晚到了，来不及的话可以改时间",
    "late_too_late": "位置保留的时间已经过了，请直接到店看看，或重新预约",
    "late_conflict": "后面排不开，请选一个：换一间、短一点，或改晚一些",
    "extend_conflict": "后面有安排，最多还能延长 {max_minutes} 分钟",
    "unknown_mark": "没有找到这条记录",
    "mark_contested": "这条记录您已说明过，中心看了会答复",
    "mark_over": "这条记录已经不算数了，不用说明",
    "mark_not_contested": "本人还没有说明情况，不用处理",
    "mark_decided": "这条记录已有答复",
    "own_mark": "自己的记录请同事处理",
    "pass_invalid": "这张预约凭证无效，请用预约码或车牌核对",
    # policies
    "unknown_policy": "没有找到这项政策，它可能已经下架",
    "unknown_check": "没有找到这次体检记录",
    "unknown_field": "没有“{field}”这一项情况",
    "fact_invalid": "{reason}",
    # demands
    "unknown_demand": "没有找到这条诉求",
    "unknown_demand_category": "没有这个诉求类别，请重新选择",
    "demand_state": "这条诉求现在的状态不能这样操作",
    "not_your_org": "您不是这家企业的联系人，不能替它办事",
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
