"""python -m server COMMAND."""

from server.cli import main

main(prog_name="python -m server")
