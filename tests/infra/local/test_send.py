import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.processes.surroundings import ROOT
from infra.local.settings import write_env
from tests.support.processes import ENVIRONMENT

NOBODY = {
    "YMQ_ENDPOINT": "http://127.0.0.1:1",
    "AWS_REGION": "ru-central1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
}


def sent(folder: Path, message: str) -> str:
    """What sending complains of, in one line."""
    write_env(NOBODY, settings := folder / "settings.env")
    command = [sys.executable, "-m", "infra.local.send", "--settings", str(settings), "delete_response", message]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert sent(tmp_path, "nofile.json") == "nofile.json: No such file or directory"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Expecting property name"),
        ("[]", "it is no trigger event with a sample"),
        ('{"response_id": "resp_1"}', "it is no trigger event with a sample"),
        ('{"messages": [], "sample": {"says": "x", "ends": [1]}}', "1 validation error"),
        ('{"messages": [1], "sample": {"says": "x", "ends": []}}', "it is no trigger event with a sample"),
    ],
)
def test_a_file_that_is_no_sample_is_named_with_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    (path := tmp_path / "wrong.json").write_text(text)
    assert sent(tmp_path, str(path)).startswith(f"{path}: {told}")


def test_where_nothing_answers_one_line_says_so(tmp_path: Path) -> None:
    assert sent(tmp_path, "{}") == "nothing answers at http://127.0.0.1:1: start `make dev` first"
