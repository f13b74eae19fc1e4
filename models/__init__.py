"""Every table. Importing this package registers them all on `Base.metadata`."""

from models import activity, centre, conversation, demand, notification, organisation, people, platform, policy, wechat
from models.base import Base

__all__ = [
    "Base",
    "activity",
    "centre",
    "conversation",
    "demand",
    "notification",
    "organisation",
    "people",
    "platform",
    "policy",
    "wechat",
]
