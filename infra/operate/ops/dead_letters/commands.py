"""`ops dead-letters`: list, show, counts, redrive, export."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from infra.operate.ops.common import AsJson, named, reach_of
from infra.operate.ops.dead_letters.choosing import Meant, choosing, found, tell
from infra.operate.ops.dead_letters.dead_letter import Filter
from infra.operate.ops.dead_letters.redriving import redrive
from infra.operate.ops.ending import wanting
from infra.operate.ops.say import Voice, counted

app = typer.Typer(no_args_is_help=True, help="Look at dead letters, and send back those whose cause is mended.")
app.command(epilog="Example: ops dead-letters redrive --reason throttled")(redrive)


@app.command("list", epilog="Example: ops dead-letters list --reason rejected --older-than 1h")
@choosing
def list_(context: typer.Context, meant: Meant, as_json: AsJson = False) -> None:
    """List dead letters, oldest first, without their content."""
    voice, now = Voice(as_json=as_json), time.time()
    dead_letters = found(reach_of(context), meant, voice)
    voice.data([dead_letter.told() for dead_letter in dead_letters])
    for dead_letter in dead_letters:
        tell(voice, dead_letter, now)
    voice.line(
        f"{counted(len(dead_letters), 'dead letter', 'dead letters')}." if dead_letters else "No dead letter fits."
    )


@app.command(epilog="Example: ops dead-letters show resp_1 --body")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="A business id, or the message's id.")],
    body: Annotated[bool, typer.Option("--body", help="Show the content, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every dead letter of an id."""
    voice, now = Voice(as_json=as_json), time.time()
    dead_letters = found(reach_of(context), Meant(Filter(key=named(name))), voice)
    if not dead_letters:
        raise wanting(f"no dead letter has the id {name}")
    voice.data([dead_letter.told(body=body) for dead_letter in dead_letters])
    for dead_letter in dead_letters:
        tell(voice, dead_letter, now)
        if body:
            voice.line(dead_letter.body)


@app.command(epilog="Example: ops dead-letters counts --newer-than 1d")
@choosing
def counts(context: typer.Context, meant: Meant, as_json: AsJson = False) -> None:
    """Count dead letters by function and reason."""
    voice = Voice(as_json=as_json)
    dead_letters = found(reach_of(context), meant, voice)
    by = Counter((dead_letter.function or "?", dead_letter.reason) for dead_letter in dead_letters)
    voice.data(
        [{"function": function, "reason": reason, "count": count} for (function, reason), count in sorted(by.items())]
    )
    for (function, reason), count in sorted(by.items()):
        voice.line(f"{count:7}  {function}  {reason}")
    voice.line(f"{len(dead_letters):7}  in all")


@app.command(epilog="Example: ops dead-letters export dead-letters.jsonl --bodies")
@choosing
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write; it must not be there yet.")],
    meant: Meant,
    bodies: Annotated[bool, typer.Option("--bodies", help="With their content.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write dead letters to a file, a line of JSON each, readable by you alone; the queue keeps them."""
    voice = Voice(as_json=as_json)
    dead_letters = found(reach_of(context), meant, voice)
    file.touch(mode=0o600, exist_ok=False)
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(
            json.dumps(dead_letter.told(body=bodies), ensure_ascii=False) + "\n" for dead_letter in dead_letters
        )
    voice.data({"file": str(file), "count": len(dead_letters)})
    voice.line(f"{counted(len(dead_letters), 'dead letter', 'dead letters')} in {file}")
