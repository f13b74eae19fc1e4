"""What is kept no longer than its time."""

from server.container import Container
from services import conversations, staff


def drop_old(container: Container) -> str:
    """Turns after 30 days, silent guests' talks, unanswered questions after a year, sign-in attempts that ran out."""
    now = container.now()
    with container.unit_of_work() as session:
        turns = conversations.drop_old_turns(session, now=now)
        guests = conversations.drop_silent_guests(session, now=now)
        questions = conversations.drop_old_questions(session, now=now)
        attempts = staff.drop_old_attempts(session, now=now)
    return f"{turns} turns, {guests} guests, {questions} questions, {attempts} attempts deleted"
