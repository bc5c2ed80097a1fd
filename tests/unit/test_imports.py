"""What the deployed files load, since every import is paid for at each cold start, and how small they are."""

import subprocess
import sys
from pathlib import Path

import pytest

import delete_response
from infra.local.processes.surroundings import handed_on

FUNCTIONS = Path(delete_response.__file__).parent
UNWANTED = ("openai", "aiohttp", "boto3", "s3transfer", "httpcore", "requests", "pydantic_settings", "websockets")
CALL = """
from types import SimpleNamespace
from worker.settings import SettingsError
try:
    delete_response.handler({"messages": []}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))
except SettingsError:
    pass
"""


def loaded_by(program: str) -> set[str]:
    """The modules that a fresh process has loaded after this program."""
    told = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        env={**handed_on(), "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(told.stdout.split())


@pytest.mark.parametrize("program", ["import delete_response", f"import delete_response{CALL}"], ids=["import", "call"])
def test_deleting_loads_no_library_that_it_does_not_need(program: str) -> None:
    loaded = loaded_by(program)

    assert "aistudio.responses" in loaded
    assert [name for name in UNWANTED if name in loaded] == []


def test_asking_for_a_response_loads_of_these_only_what_its_websocket_needs() -> None:
    loaded = loaded_by("import realtime_response_create")

    assert [name for name in UNWANTED if name in loaded] == ["websockets"]


def test_importing_the_function_reads_no_settings_and_makes_no_clients() -> None:
    assert "worker.wiring" not in loaded_by("import delete_response")


@pytest.mark.parametrize("entry_file", sorted(FUNCTIONS.glob("*.py")), ids=lambda path: path.name)
def test_an_entry_file_has_at_most_forty_five_lines(entry_file: Path) -> None:
    assert len(entry_file.read_text().splitlines()) <= 45
