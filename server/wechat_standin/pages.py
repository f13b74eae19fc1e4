"""The one page of the stand-in: write to the official account, read what was sent."""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from server.demo_identities import ALL, MAIN
from server.wechat_standin.state import Sent

LOCAL = ZoneInfo("Asia/Shanghai")
STYLE = """
:root{color-scheme:light dark;--ground:#F5F6F8;--card:#fff;--line:#E5E7EB;--text:#14181F;--second:#4B5563;
--main:#0B6B5D;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#0F1216;--card:#191D23;--line:#2A3038;--text:#F2F4F7;
--second:#B6BDC8;--main:#5FD3BF;--on:#0F1216}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:640px;margin:0 auto;padding:16px}h1{font-size:20px;margin:8px 0}h2{font-size:16px;margin:24px 0 8px}
p{margin:8px 0;color:var(--second)}article,form{background:var(--card);border:1px solid var(--line);
border-radius:12px;padding:12px 16px;margin:0 0 12px}article header{display:flex;gap:8px;justify-content:space-between;
color:var(--second);font-size:13px}article b{display:block;margin:4px 0}article div{overflow-wrap:anywhere}
label{display:block;margin:8px 0 4px;color:var(--second);font-size:13px}
select,textarea,button{font:inherit;width:100%;min-height:44px;border-radius:8px;border:1px solid var(--line);
padding:8px 12px;background:var(--card);color:var(--text)}button{background:var(--main);color:var(--on);border:0;
margin-top:12px}.row{display:grid;grid-template-columns:1fr 1fr;gap:0 8px}
.plain{background:transparent;color:var(--text);
border:1px solid var(--line)}
"""


def home(sent: Sequence[Sent], *, person: str) -> str:
    """The page, newest message first. Everything shown is escaped: it came from outside."""
    options = "".join(
        f'<option value="{escape(one.name)}"{" selected" if one.name == person else ""}>'
        f"{escape(one.label)} · {escape(one.shown_as)}</option>"
        for one in MAIN
    )
    messages = "".join(_message(one) for one in sent) or (
        "<p>还没有消息。订到位置、报了名，或者在上面给公众号写一句话，这里就会出现。</p>"
    )
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>微信替身 · 链驿</title>
<style>{STYLE}</style></head><body><main>
<h1>微信替身</h1><p>没有真微信也能试：这里代替微信收发消息。重启后清空。</p>
<form method="post" action="/chat"><h2 style="margin-top:0">给公众号发消息</h2>
<label for="person">谁来发</label><select id="person" name="person">{options}</select>
<label for="text">说什么</label><textarea id="text" name="text" rows="2" maxlength="600"
placeholder="我们公司能申请什么补贴" autofocus></textarea>
<button name="do" value="text">发送</button><div class="row">
<button class="plain" name="do" value="subscribe">关注</button>
<button class="plain" name="do" value="unsubscribe">取消关注</button>
<button class="plain" name="do" value="refuse">拒收提醒</button>
<button class="plain" name="do" value="accept">恢复提醒</button></div></form>
<h2>发出的消息（新的在前）</h2>{messages}<p><a href="/">刷新</a></p></main></body></html>"""


def _message(one: Sent) -> str:
    at = one.at.astimezone(LOCAL).strftime("%m月%d日 %H:%M:%S")
    lines = "".join(f"<div>{escape(line) or '&nbsp;'}</div>" for line in one.lines)
    person = ALL[one.person].shown_as if one.person in ALL else one.person
    title = f"<b>{escape(one.title)}</b>" if one.title else ""
    page = f"<p>点开：{escape(one.page)}</p>" if one.page else ""
    return (
        f"<article><header><span>{escape(one.kind)} · {escape(person)}</span><time>{at}</time></header>"
        f"{title}{lines}{page}</article>"
    )
