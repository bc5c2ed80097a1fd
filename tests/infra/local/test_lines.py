"""What a person sees of a function's lines while `make dev` runs."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.lines import Lines


@pytest.fixture
def three_hours_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC-3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("three_hours_ahead")
def test_a_line_has_the_reader_s_time_and_one_that_tells_none_has_that_of_its_coming(tmp_path: Path) -> None:
    shown = io.StringIO()
    lines = Lines(tmp_path / "dev.log", Console(file=shown), as_it_is=False)

    lines.take("delete_response", json.dumps({"timestamp": "2026-11-27T22:30:01+00:00", "message": "hello"}))
    lines.take("retention_sweep", "a tick raised: TableUnavailable 503")

    first, second = shown.getvalue().splitlines()
    assert first.startswith("01:30:01 ")
    assert second[:9].replace(":", "").strip().isdecimal()
    assert second[9:] == "retention_sweep: a tick raised: TableUnavailable 503"
