from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud.runtime import Runtime

STANDIN = Path(__file__).parent / "standin"


@pytest.fixture
def printed() -> list[str]:
    """What the functions of a test print."""
    return []


@pytest.fixture
def new_runtime(printed: list[str]) -> Iterator[Callable[..., Runtime]]:
    made: list[Runtime] = []

    def new(entry_point: str = "standin.handler", *, timeout: float = 120, **options: Any) -> Runtime:
        settings = options.pop("settings", {})
        made.append(Runtime(entry_point, settings, timeout=timeout, log=printed.append, root=STANDIN, **options))
        return made[-1]

    yield new
    for runtime in made:
        runtime.stop()


@pytest.fixture
def runtime(new_runtime: Callable[..., Runtime]) -> Runtime:
    return new_runtime()
