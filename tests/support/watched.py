"""A local environment with secrets planted in it, and a search for all that is planted once everything has stopped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from infra.local.catalog import LocalFunction
from infra.local.environment import Environment, running_environment
from infra.local.studio.settings import Settings as StudioSettings
from tests.support.planted import API_KEY, PLANTED, SECRETS, TOKEN, leaks_of


class Leaked(AssertionError):
    """Something planted was found where nothing of it may be."""


@dataclass(frozen=True)
class Watched:
    """A running environment, and the lines that its functions printed."""

    environment: Environment
    lines: list[str] = field(default_factory=list)


@contextmanager
def watched_environment(
    functions: Sequence[LocalFunction],
    *,
    studio: StudioSettings | None = None,
    settings: Mapping[str, str] | None = None,
    told: Callable[[str], None] = lambda _line: None,
) -> Iterator[Watched]:
    """Everything up, with secrets of `planted` in the settings; `told` hears each line, too.

    Where the block ends without an error, everything is stopped first, so that the last words are heard, and then
    searched. What a test sends is to be made of `planted` as well.

    Raises Leaked: something of it is in a log line, an error, a ledger record or what a dead letter says of itself.
    """
    lines: list[str] = []

    def hear(_function: str, line: str) -> None:
        lines.append(line)
        told(line)

    keys = replace(studio or StudioSettings(realtime_post="json"), keys=(TOKEN, API_KEY))
    with running_environment(functions, studio=keys, settings={**SECRETS, **(settings or {})}, log=hear) as environment:
        yield Watched(environment, lines)
        environment.stop()
        if found := leaks_of(environment, lines, PLANTED):
            raise Leaked("\n".join(found[:10]))
