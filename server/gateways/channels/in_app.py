"""The inbox 站内信: nothing to send, since the outbox row itself is the message."""

from datetime import datetime

from services.ports import Delivery, OutgoingNotification


class InApp:
    """Last in line: takes what no other channel took, and says that the inbox alone has it."""

    name = "in_app"

    def send(self, message: OutgoingNotification, *, now: datetime) -> Delivery:
        """The row is in the inbox since its commit; WeChat was not used."""
        return Delivery("skipped", "inbox_only")
