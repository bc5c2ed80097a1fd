"""Each entry file is in the table of functions, and each entry of the table has its file."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import delete_response
from infra.local.processes.surroundings import ROOT

FUNCTIONS = Path(delete_response.__file__).parent
TABLE = yaml.safe_load((ROOT / "infra" / "functions.yaml").read_text())["functions"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FUNCTIONS.glob("*.py")))
def test_an_entry_file_is_in_the_table(name: str) -> None:
    assert name in TABLE, f"infra/functions.yaml has no entry {name} for functions/{name}.py: add it there"


@pytest.mark.parametrize("name", TABLE)
def test_a_function_of_the_table_has_its_entry_file(name: str) -> None:
    assert (FUNCTIONS / f"{name}.py").exists(), f"functions/ has no {name}.py, which infra/functions.yaml names: add it"


@pytest.mark.parametrize("name", TABLE)
def test_an_entry_file_takes_what_it_needs_from_worker_client_and_retention(name: str) -> None:
    ours = {path.name for path in FUNCTIONS.iterdir() if path.is_dir()} | {path.stem for path in FUNCTIONS.glob("*.py")}
    tree = ast.walk(ast.parse((FUNCTIONS / f"{name}.py").read_text()))
    taken = {node.module.partition(".")[0] for node in tree if isinstance(node, ast.ImportFrom) and node.module}
    assert taken & ours <= {"worker", "aistudio", "retention"}, "functions/README.md, Arrows"


def test_docstrings_say_in_prose_what_they_take_give_and_raise() -> None:
    heading = re.compile(
        r"(?m)^\s*(Args|Arguments|Parameters|Returns?|Yields?|Raises|Attributes|Notes?|Examples?):\s*$"
    )
    found = {str(path.relative_to(ROOT)) for path in FUNCTIONS.rglob("*.py") if heading.search(path.read_text())}
    assert found == set(), "write sentences, such as: Raises TableUnavailable: it could not be read."


def test_each_place_where_a_change_goes_is_there() -> None:
    page = (FUNCTIONS / "README.md").read_text()
    table = page.partition("## Where a change goes")[2].partition("\nArrows:")[0]
    places = re.findall(r"`([\w/.]+)`", table)
    assert len(places) > 30
    assert [place for place in places if not (FUNCTIONS / place).exists()] == []
