"""What the callbacks leave for later."""

from server.container import Container
from services import wechat_claims
from services.wechat_replies import send_late_replies


def send_late(container: Container) -> str:
    """Send replies whose process ended before it could, or that WeChat put off."""
    return f"{send_late_replies(container)} handled"


def prune(container: Container) -> str:
    """Delete what WeChat can no longer repeat."""
    with container.unit_of_work() as session:
        return f"{wechat_claims.prune(session, now=container.now())} deleted"
