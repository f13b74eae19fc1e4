"""`evaluate-bot FILE`: how well the bot understands questions it has not seen."""

from pathlib import Path

import click


@click.command("evaluate-bot")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--misses/--no-misses", default=True, help="List each miss.")
def evaluate_bot(file: Path, misses: bool) -> None:
    """Accuracy per intent, policy category top-1 and top-3, confident but wrong, and each miss.

    FILE holds one JSON question a line: text, intent, policy_category, accept_…; policies come from the database.
    """
    from bot.evaluation import evaluate, read_questions, table
    from server.cli.context import container

    deps = container()
    with deps.read() as session:
        found = evaluate(session, read_questions(file), deps=deps, now=deps.now())
    click.echo(table(found))
    if misses:
        for line in found.misses:
            click.echo(line)
