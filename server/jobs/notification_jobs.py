"""Deliver the outbox."""

from server.container import Container
from server.gateways.channels import channels_for
from services.notifications import deliver_due


def deliver(container: Container) -> str:
    """Send what is due: WeChat where there is consent, else the inbox alone."""
    count = deliver_due(container.unit_of_work, channels_for(container), now=container.now, tz=container.options.zone)
    return f"{count} handled"
