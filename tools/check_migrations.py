"""`python -m tools.check_migrations`: one head, one root, no gap."""

import sys

from alembic.script import ScriptDirectory

from server.migrate import alembic_config


def problems(script: ScriptDirectory) -> list[str]:
    """What is wrong with the chain of migrations, in words."""
    heads, bases = script.get_heads(), script.get_bases()
    found = []
    if len(heads) != 1:
        found.append(f"one migration head wanted, found {len(heads)}: {', '.join(sorted(heads))}")
    if len(bases) != 1:
        found.append(f"one first migration wanted, found {len(bases)}: {', '.join(sorted(bases))}")
    return found


def main() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    found = problems(script)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"migrations: one head, {script.get_current_head()}")


if __name__ == "__main__":
    main()
