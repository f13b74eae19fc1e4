"""A talk with the bot from the terminal: each line its own short transaction, as everywhere."""

import json
import os

import click

from bot.conversing import Asked, converse
from bot.rendering import as_text
from domain.permissions import Actor
from server.container import Container
from services.people import actor_of


class Terminal:
    """Speaks for one person, or for a guest whose device is this terminal."""

    def __init__(self, container: Container, *, person_id: int | None) -> None:
        self._container = container
        self._actor = self._read_actor(person_id) if person_id is not None else None

    def say(self, text: str, *, why: bool) -> None:
        """Ask, and print the answer."""
        asked = Asked(text, self._actor, f"terminal:{os.getpid()}", channel="terminal")
        with self._container.unit_of_work() as session:
            reply = converse(session, asked, deps=self._container, now=self._container.now())
        click.echo(as_text(reply) + "\n")
        if why:
            shown = {"intent": reply["intent"], "confidence": reply["confidence"], **reply["why"]}
            click.echo(json.dumps(shown, ensure_ascii=False, indent=1) + "\n")

    def _read_actor(self, person_id: int) -> Actor:
        with self._container.read() as session:
            actor = actor_of(session, person_id, today=self._container.options.today(self._container.now()))
        if actor is None:
            raise click.ClickException(f"no person {person_id}")
        return actor
