"""Every table. Importing this package registers them all on `Base.metadata`."""

from models import (
    activity,
    calendar,
    centre,
    conversation,
    demand,
    desk,
    notification,
    organisation,
    people,
    platform,
    policy,
    waitlist,
    wechat,
)
from models.base import Base

__all__ = [
    "Base",
    "activity",
    "calendar",
    "centre",
    "conversation",
    "demand",
    "desk",
    "notification",
    "organisation",
    "people",
    "platform",
    "policy",
    "waitlist",
    "wechat",
]
