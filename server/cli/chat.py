"""`chat`: the bot in a terminal, through the same engine as the app and WeChat."""

import click


@click.command()
@click.option("--person", help="Talk as this person (id); without it as a guest.", type=int)
@click.option("--why", is_flag=True, help="Also say why: matched words and scores.")
@click.argument("text", required=False)
def chat(person: int | None, why: bool, text: str | None) -> None:
    """Talk with the bot; one TEXT, or line by line until an empty line or Ctrl-D."""
    from server.cli.context import container
    from server.cli.talking import Terminal

    terminal = Terminal(container(), person_id=person)
    if text is not None:
        terminal.say(text, why=why)
        return
    click.echo("直接输入问题，空行结束。")
    while line := click.prompt("您", default="", show_default=False, prompt_suffix="：").strip():
        terminal.say(line, why=why)
