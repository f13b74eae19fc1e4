"""Commands: python -m server COMMAND. Each module brings one or a few; heavy imports happen inside them."""

from importlib import import_module

import click

# command → module of this package; loaded only when asked for, so that `--help` and `up` start at once
COMMANDS: dict[str, str] = {
    "serve": "run",
    "scheduler": "run",
    "up": "run",
    "chat": "chat",
    "evaluate-bot": "evaluate_bot",
    "migrate": "data",
    "seed": "data",
    "import-centres": "imports",
    "import-people": "imports",
    "import-calendar": "imports",
    "export": "exports",
    "import-policies": "data",
    "search-documents": "search",
    "create-staff": "staff",
    "grant": "staff",
    "revoke": "staff",
    "invite": "staff",
    "jobs": "jobs",
    "run-job": "jobs",
    "openapi": "inspect",
    "doctor": "inspect",
    "wechat-standin": "standin",
}


class LazyGroup(click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """链驿 Lianyi: booking, check-in and policy answers."""
