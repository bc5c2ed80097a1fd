"""The command `ops`: its options, its commands, and how it ends."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from infra.operate.ops import breaking, doctor, due, erase, evidence, hold, register, send, show, status
from infra.operate.ops.common import Chosen
from infra.operate.ops.dead_letters import commands as dead_letters
from infra.operate.ops.ending import INTERRUPTED, PIPE_CLOSED, USAGE, Ended, misused, services

app = typer.Typer(
    name="ops",
    help="Send messages, see what became of them, and mend what went wrong; here or on a deployment.",
    epilog="Exit codes: 0 done, 1 something was found wanting, 2 not understood, 3 can't reach what it needs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def choose(
    context: typer.Context,
    env: Annotated[
        str, typer.Option(envvar="OPS_ENV", help="local (make dev), or a folder of infra/terraform/environments.")
    ] = "local",
    env_file: Annotated[
        Path | None, typer.Option(envvar="OPS_ENV_FILE", help="A file of KEY=value lines with the functions' settings.")
    ] = None,
) -> None:
    """Say which environment the command is for."""
    given = {"--env": ("env", env), "--env-file": ("env_file", str(env_file))}
    typed = [
        (option, value)
        for option, (name, value) in given.items()
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    context.obj = Chosen(env, env_file, tuple(word for pair in typed for word in pair))


for commands in (send, show, status, breaking, doctor, due, register, erase):
    commands.add_to(app)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(hold.app, name="hold")
app.add_typer(evidence.app, name="evidence")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, with these arguments or the process's own; return its exit code, after one line on standard error where it is not understood or fails."""
    try:
        _readable(sys.argv[1:] if arguments is None else arguments)
        with services():
            code: object = app(arguments, prog_name="ops", standalone_mode=False)
            sys.stdout.flush()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "ops"
        if told := error.format_message():
            print(f"{path}: {' '.join(told.split())} ({path} --help tells more)", file=sys.stderr)
        return USAGE
    except Ended as error:
        print(f"ops: {error}", file=sys.stderr)
        return error.code
    except typer.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be flushed has no reader
        return PIPE_CLOSED
    return code if isinstance(code, int) else 0


def _readable(arguments: Sequence[str]) -> None:
    """Refuse what is no text. Raises Ended."""
    for number, each in enumerate(arguments, 1):
        try:
            each.encode()
        except UnicodeEncodeError:
            raise misused(f"word {number} of the command is not UTF-8 text") from None
