"""What must be seen before anything else: emergencies, other people's data, attempts to take over."""

import re
from dataclasses import dataclass

_PAST_OR_PAPER = re.compile(
    r"(老板|公司|单位|工厂|厂里).{0,3}不(管|赔|认|给)|补贴|补助|政策|申请|保险|培训|演练|预案|整改|检查|体检|标准化|隐患|手续|工伤|赔|认定|报销|讲座|预防|证"
    r"|去年|以前|之前|上个?月|上次|前年|前几年|去年底|多久前|假如|如果"
)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "fire",
        re.compile(
            r"(?<!打不)着火|起火|失火|火灾|火烧|冒浓烟|(仓库|厨房|车间|宿舍|楼|屋|房间?|电箱|配电).{0,3}冒烟|起咗火|着咗火|爆炸|煤气(泄|洩)?漏|燃气泄?漏|天然气泄?漏"
        ),
    ),
    (
        "traffic",
        re.compile(r"车祸|撞车|撞到人|撞了人|撞人|追尾|翻车|车翻了|侧翻|相撞|撞上|撞在一起|被车撞|交通事故"),
    ),
    (
        "crime",
        re.compile(
            r"持刀|拿刀|动刀|砍人|捅人|抢劫|打劫|行凶|绑架|打起来|打架|斗殴|有人打我|被人打|跟踪我|要杀|快报警|帮我报警"
        ),
    ),
    (
        "medical",
        re.compile(
            r"晕倒|昏倒|昏迷|昏过去|晕过去|晕咗|不省人事|没有?意识|叫不醒|倒在?地上|倒地"
            r"|胸口?(好|很|特别|突然)?(疼|痛|闷|憋)|胸痛|心口(疼|痛)|心脏(病|疼|痛|骤停|难受|不舒服)|心梗|心绞痛|中风|脑梗|脑出血|抽搐|抽筋倒"
            r"|喘不(上|过)气|喘唔到|呼吸(困难|不了|不上)|没(有)?呼吸|窒息|噎住|卡住喉咙"
            r"|流(了)?(好多|很多|许多|大量|一地|不少)?血|大出血|出血不止|血流不止|止不住血|喷血"
            r"|触电|电到人|被电了|中毒|溺水|落水|掉(进|到|下)?了?(水|海|河|沟)里?|摔下(来|去)|从.{0,4}(楼|架|梯|高处).{0,4}(摔|掉|坠)|坠(楼|落)|绞(进|了|断|伤)|夹(断|住(手|腿|人))|吃错药|(狗|蛇)咬|中暑倒|烫伤|烧伤|砸(伤|到人)|压(伤|到人|住人)|摔(伤|断)|骨折|断了(手|腿|脚|手指)|割(断|伤)"
            r"|(腿|脚|手指?|胳膊|头|腰|身子|工友|同事|有人|人)(被|给|让|叫).{0,6}(压|轧|夹|撞|砸|扎|烫|割|绞|打)(了|到|住|伤|断|着)|受(了)?(重)?伤|救命|救护车|急救|要死了|快死|快不行了|生命危险|自杀|跳楼|不想活|想死|轻生|早产|要生了|破水"
        ),
    ),
)
_NUMBERS = {
    "fire": (("火警", "119"), ("急救", "120"), ("报警", "110")),
    "traffic": (("交通事故", "122"), ("急救", "120"), ("报警", "110")),
    "crime": (("报警", "110"), ("急救", "120")),
    "medical": (("急救", "120"), ("报警", "110"), ("火警", "119")),
}
_SURE = re.compile(
    r"救命|快来人|快死|要死了|快不行|救护车|不省人事|没(有)?呼吸|快报警|帮我报警|自杀|跳楼|不想活|着火了|起火了|晕倒了|昏倒了"
)

_OTHERS = (
    r"(别人|他人|其他人|人家|隔壁|对面|对手|竞争|别的?(公司|企业|厂|单位|司机|员工)|其[他它](公司|企业|厂|单位|司机|党员)|那家|那个(公司|厂|人|司机|女)"
    r"|他们(公司|厂)|某(某|人|公司|企业)|我?(老婆|老公|前女友|前男友|女朋友|男朋友|对象|媳妇|丈夫|妻子)|所有(的)?(人|用户|司机|企业|公司|党员)|全部(的)?(人|用户|司机|企业|公司)"
    r"|每个(人|司机|公司)|同行|邻居|房东)"
)
_SECRETS = (
    r"(手机号?码?|电话|号码|身份证|住址|家庭地址|住哪|住在哪|资料|隐私|信息|数据|营收|收入|营业额|利润|工资|税|贷款|欠款|流水|名单|记录"
    r"|预约|约了|订了|订单|签到|请假|出勤|诉求|投诉|举报|申请了|拿了多少|领了多少|员工数?|多少(个)?(人|员工)|体检|病历|档案|照片|微信号|车牌|行程|位置|合同|客户)"
)
_WANTS = (
    r"(查|看看|看一下|告诉|发我|发给我|给我|导出|透露|知道|调出|调取|是多少|多少|有没有|是谁|是什么|几个|什么|哪些"
    r"|吗|呢|谁)"
)
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜谢邹窦章苏潘葛范彭鲁韦马方任袁柳唐罗薛贺汤滕毕安常于傅康"
    "齐顾孟黄穆萧尹姚汪祁毛狄戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾江童颜郭梅盛林钟徐邱骆高夏蔡田胡霍万柯卢莫房丁邓洪左石崔龚"
    "程裴陆翁曲井段侯武刘龙叶黎白赖乔谭姬申冉廖甄温阎欧"
)
_PRIVATE: tuple[re.Pattern[str], ...] = (
    re.compile(rf"{_OTHERS}.{{0,10}}{_SECRETS}.{{0,8}}{_WANTS}"),
    re.compile(rf"{_WANTS}.{{0,10}}{_OTHERS}.{{0,10}}{_SECRETS}"),
    re.compile(
        rf"[{_SURNAMES}](某某?|(?![没不无冇未])[\u4e00-\u9fff]{{1,2}})的?(手机号?码?|电话号?码?|身份证号?|住址|家庭住址|微信号|工资|病历|签到记录|出勤|预约记录|档案)"
    ),
    re.compile(
        rf"(?<![\u4e00-\u9fff])((老|小)[{_SURNAMES}]|[{_SURNAMES}](书记|师傅|主任|经理|总|队长|会计|老师|工|姐|哥|叔|姨|大爷|大妈))"
        r"(今天|今晚|昨天|昨晚|现在|这次|上次)?(有没有|是不是)?(签到|请假|报名|来|住|约|订|睡|洗|到)(了|过|在|的)?(没|吗|么|哪|几|什么|床|没有)"
    ),
    re.compile(r"(谁|哪个|哪位).{0,4}(举报|投诉|告).{0,2}我"),
    re.compile(
        r"(家|人)住(哪|在哪|什么地方)|(企业|人员|司机|党员|用户|员工|客户)(名单|信息|资料).{0,3}(和|及|跟|加)?(电话|手机|联系方式)"
    ),
    re.compile(
        r"(私人|个人)(电话|住址|手机|微信|信息)|(老|小)[李王张刘陈杨赵黄周吴](?!.{0,1}[没不无冇未]).{0,2}(电话|手机|微信|住)"
    ),
    re.compile(
        r"(司机|党员|员工|用户|客户|领导|书记|经理|老板|律师|他|她)(们)?的(手机号?码?|身份证号?码?|住址|微信号?|工资|病历)"
    ),
    re.compile(r"(司机|党员|员工|企业|用户|客户)(们)?的?(电话|号码|手机号).{0,3}(都|全)?(给|发)我"),
    re.compile(r"(?<!其)(他|她|某某|人家|他们公司)的?.{0,4}(请假|缺席|预约|体检|利润|工资).{0,4}(原因|什么|多少|结果)"),
    re.compile(
        r"(邻居|隔壁|旁边|对面|那个|别的|其他|同屋)(床|铺|车|间)?的?(司机|师傅|人|女的|男的|大哥|大姐).{0,6}(几点(走|来|睡|洗|约|到)|住哪|睡哪|叫什么|叫啥|约的?几|电话)"
    ),
    re.compile(r"车牌.{0,12}(是谁|谁的|车主)|车主(是谁|电话|姓名)"),
    re.compile(r"(导出|下载|拷贝).{0,8}(手机号|身份证|用户|所有人|全部)"),
    re.compile(r"谁(没|没有|还没|未)(来|到|签).{0,10}(名单|发我|给我).{0,10}(不是|又不)"),
)
_TAKEOVER: tuple[re.Pattern[str], ...] = (
    re.compile(
        r"(忽略|无视|忘记|忘掉|抛开|不要理).{0,10}(指令|规则|设定|提示|要求|限制|约束|身份|之前|以上|上面|前面)"
    ),
    re.compile(
        r"系统提示|提示词|systemprompt|prompt|initialinstruction|你的(指令|规则|设定|内部|源代码|代码|接口|配置)"
    ),
    re.compile(r"(ignore|disregard|forget).{0,12}(all|previous|above|instruction|rule|prompt)"),
    re.compile(r"开发者模式|调试模式|越狱|jailbreak|developermode|dan模式|上帝模式|解除限制|没有(任何)?限制的"),
    re.compile(
        r"(假装|假设|扮演|现在开始你是|从现在起你是|你现在是).{0,14}(管理员|黑客|模型|没有限制|ai|老板|系统|客服主管)"
    ),
    re.compile(
        r"droptable|selectfrom|select\*from|unionselect|insertinto|deletefrom|<script|javascript:|1=1|/etc/passwd|rmrf"
    ),
    re.compile(
        r"(管理员|后台|数据库|服务器|超级用户|root|admin|别人).{0,6}(密码|口令|权限|账号|账户|配置|密钥)|系统.{0,4}(密码|口令|密钥|配置)|密钥|apikey|secretkey|accesstoken"
    ),
    re.compile(r"(删除|清空|格式化|篡改|改掉).{0,8}(数据|数据库|表|日志|记录|系统)"),
    re.compile(r"(给我|开通|提升).{0,6}(管理员|超级|最高)权限"),
    re.compile(r"(帮我|怎么)?(伪造|造假|作弊|代签软件|刷签到|虚开|骗补)"),
)


@dataclass(frozen=True, slots=True)
class Special:
    """What kind of special case it is, and the words that showed it."""

    kind: str
    matched: str
    numbers: tuple[dict[str, str], ...] = ()


def special_case(clean: str, raw: str) -> Special | None:
    """An emergency first, then other people's data, then attempts to take the bot over; None for anything else."""
    return _emergency(clean) or _first("privacy", _PRIVATE, clean) or _first("takeover", _TAKEOVER, clean, raw)


def _emergency(clean: str) -> Special | None:
    if _PAST_OR_PAPER.search(clean) and not _SURE.search(clean):
        return None
    for kind, pattern in _KINDS:
        found = pattern.search(clean)
        if found:
            numbers = tuple({"label": label, "number": number} for label, number in _NUMBERS[kind])
            return Special(f"emergency:{kind}", found[0], numbers)
    return None


def _first(kind: str, patterns: tuple[re.Pattern[str], ...], *texts: str) -> Special | None:
    for text in texts:
        squeezed = re.sub(r"\s+", "", text.lower())
        for pattern in patterns:
            found = pattern.search(squeezed)
            if found:
                return Special(kind, found[0])
    return None
