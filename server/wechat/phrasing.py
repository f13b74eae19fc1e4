"""What the official account (公众号) says by itself; everything else is said by the bot."""

GREETING = (
    "欢迎关注链驿！\n"
    "直接打字问我就行，比如：\n"
    "· 我们公司能申请什么补贴\n"
    "· 司机之家现在能冲凉吗\n"
    "· 主题党日怎么签到\n"
    "遇到人身安全的急事，请先打 110、119 或 120。"
)
WORDS_ONLY = "这里目前只看得懂文字，请打字告诉我您想办什么事。"
NOT_HEARD = "没听清这段语音，请打字告诉我您想办什么事。"
STILL_LOOKING = "正在帮您查，查到马上发给您，请稍等。"
SORRY = "抱歉，刚才没有办成。请再发一次；急事请打服务中心的值班电话。"
SCANNED = {
    "activity": "您扫的是活动码，点这里打开：\n{link}",
    "centre": "您扫的是服务中心的码，点这里看开放情况和预约：\n{link}",
    "service": "您扫的是服务项目的码，点这里预约：\n{link}",
    "policy": "您扫的是政策码，点这里看政策原文和条件：\n{link}",
}

# Keys of the account's menu → what the bot is asked, as if it had been typed.
MENU_QUESTIONS = {
    "MENU_POLICY": "有哪些政策可以申请",
    "MENU_BOOKING": "怎么预约",
    "MENU_ACTIVITY": "主题党日怎么签到",
    "MENU_HELP": "你能做什么",
}
