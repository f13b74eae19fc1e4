"""CHANNELS: the ways to reach a person, in order. One file and one line add a channel."""

from collections.abc import Callable

from server.gateways.channels.in_app import InApp
from server.gateways.channels.wechat_subscribe import WeChatSubscribe
from services.ports import Deps, NotificationChannel

CHANNELS: tuple[Callable[[Deps], NotificationChannel], ...] = (
    WeChatSubscribe,
    lambda deps: InApp(),
)


def channels_for(deps: Deps) -> list[NotificationChannel]:
    """Every channel, built. The first one that does not skip a message has delivered it."""
    return [build(deps) for build in CHANNELS]
