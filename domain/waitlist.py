"""The wait-list 候补: its states and its order."""

ENTRY_STATES = ("waiting", "offered", "accepted", "declined", "lapsed", "cancelled", "served")
WAITING_STATES = ("waiting", "offered")
