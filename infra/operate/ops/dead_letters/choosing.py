"""Which dead letters are meant: the options of every command about them, and a look through the queue."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from infra.operate.ops.common import AT_MOST, seconds
from infra.operate.ops.dead_letters.dead_letter import NO_REASON, DeadLetter, Filter
from infra.operate.ops.dead_letters.looking import HIDDEN, looking
from infra.operate.ops.ending import misused
from infra.operate.ops.environments import Reach
from infra.operate.ops.say import Voice, clock, span


@dataclass(frozen=True, slots=True)
class Meant:
    """Those that the options name, and at most how many of them."""

    filter: Filter
    number: int | None = None


def meant_by(
    reason: Annotated[
        list[str] | None, typer.Option(help=f"Only this reason; may repeat. {NO_REASON}: the queue moved it.")
    ] = None,
    function: Annotated[list[str] | None, typer.Option(help="Only this function's; may repeat.")] = None,
    key: Annotated[str | None, typer.Option(help="Only this business id, or this message id.")] = None,
    older_than: Annotated[str, typer.Option(help="Only those here for longer, such as 1h.")] = "",
    newer_than: Annotated[str, typer.Option(help="Only those here for less, such as 7d.")] = "",
    number: Annotated[int | None, AT_MOST] = None,
) -> Meant:
    """Read the options. Raises Ended."""
    if key is not None and not key.strip():
        raise misused("--key is empty: it would mean all dead letters")
    older, newer = (seconds(each) if each else None for each in (older_than, newer_than))
    return Meant(Filter(frozenset(reason or ()), frozenset(function or ()), key or "", older, newer), number)


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options in place of its argument `meant`: typer reads options off a signature."""
    options, own = inspect.signature(meant_by).parameters, inspect.signature(command)

    @wraps(command)
    def run(*arguments: Any, **given: Any) -> Any:
        meant = meant_by(**{name: given.pop(name) for name in options})
        return command(*arguments, meant=meant, **given)

    parameters = [each for name, each in own.parameters.items() if name != "meant"]
    needed = [each for each in parameters if each.default is inspect.Parameter.empty]
    optional = [each for each in parameters if each.default is not inspect.Parameter.empty]
    run.__signature__ = own.replace(parameters=[*needed, *options.values(), *optional])  # type: ignore[attr-defined]  # functions have it
    run.__annotations__ = {**meant_by.__annotations__, **command.__annotations__}
    return run


def found(reach: Reach, meant: Meant, voice: Voice) -> list[DeadLetter]:
    """Look through the queue and give those that are meant, oldest first; all are visible again at once."""
    kept, looked, now = list[DeadLetter](), 0, time.time()
    with (
        looking(reach.sqs, reach.settings.dead_letter_queue_url) as look,
        voice.progress("looking", look.expected) as bar,
    ):
        for messages in look.batches():
            looked += len(messages)
            kept += [each for each in map(DeadLetter.read, messages) if meant.filter.takes(each, now)]
            bar(looked)
            if meant.number is not None and len(kept) >= meant.number:
                break
        tell_hidden(voice, look.hidden)
    return sorted(kept, key=lambda each: each.at)[: meant.number]


def tell(voice: Voice, dead_letter: DeadLetter, now: float) -> None:
    """Print a dead letter, without its content."""
    voice.line(
        f"{dead_letter.message_id}  {dead_letter.reason}  {dead_letter.function or 'function not said'}", style="bold"
    )
    about = [f"key {dead_letter.key}"] if dead_letter.key else []
    about += [f"since {clock(dead_letter.at, now)}", f"redriven {dead_letter.redrive} times"]
    voice.line("  " + ", ".join(about))
    if dead_letter.detail:
        voice.line(f"  {dead_letter.detail}")


def tell_hidden(voice: Voice, hidden: int) -> None:
    """Print how many dead letters could not be seen, and until when."""
    if hidden:
        voice.err.print(
            f"{hidden} more are hidden: another command looks at them, or was killed; they are back within {span(HIDDEN)}"
        )
