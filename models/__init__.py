"""Every table. Importing this package registers them all on `Base.metadata`."""

from models import conversation, demand, notification, organisation, people, platform
from models.base import Base

__all__ = ["Base", "conversation", "demand", "notification", "organisation", "people", "platform"]
