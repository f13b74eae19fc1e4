"""The intents, in order: ties go to the earlier one."""

from bot.intents.base import Intent
from bot.intents.booking import BookingIntent
from bot.intents.checkin import CheckinIntent
from bot.intents.demand import DemandIntent
from bot.intents.greeting import Greeting
from bot.intents.out_of_scope import OutOfScope
from bot.intents.policy import PolicyIntent

INTENTS: tuple[Intent, ...] = (
    PolicyIntent(),
    BookingIntent(),
    CheckinIntent(),
    DemandIntent(),
    Greeting(),
    OutOfScope(),
)
