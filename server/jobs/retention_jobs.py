"""What is kept no longer than its time."""

from server.container import Container
from services import conversations, people, staff
from services.booking import retention as booking_retention


def drop_old(container: Container) -> str:
    """Turns after 30 days, silent guests' talks, questions after a year, ended tokens and sign-in attempts.

    Plates and guests' names go from bookings after 180 days, what people wrote at the desk after a year.
    """
    now = container.now()
    with container.unit_of_work() as session:
        turns = conversations.drop_old_turns(session, now=now)
        guests = conversations.drop_silent_guests(session, now=now)
        questions = conversations.drop_old_questions(session, now=now)
        tokens = people.drop_old_tokens(session, now=now)
        attempts = staff.drop_old_attempts(session, now=now)
        forgotten = booking_retention.forget_guests(session, now=now) + booking_retention.forget_words(session, now=now)
    return (
        f"{turns} turns, {guests} guests, {questions} questions, {tokens} tokens, {attempts} attempts deleted;"
        f" {forgotten} rows without personal data now"
    )
