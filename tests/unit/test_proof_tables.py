"""tests/README.md names tests that exist, and leaves out none that is about a row or a hole."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.simulation.faults import every_fault
from tests.simulation.scenarios import SCENARIOS

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS / "README.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w*\*?|(?:row|hole)\(\d+\))`", PAGE)))
LEVELS = {
    "unit/aistudio": "raw socket",
    "unit": "one package",
    "integration": "real servers",
    "e2e": "end to end",
    "fuzz": "any input",
}
ROWS, HOLES, INVARIANTS = range(1, 36), range(1, 28), range(1, 9)


def claims_of(path: Path) -> set[str]:
    """The names of a file's tests, and the rows and holes that they are marked with."""
    tree = ast.parse(path.read_text())
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    marks = [
        (each.func.attr, ast.literal_eval(number))
        for test in tests
        for each in test.decorator_list
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in ("row", "hole")
        for number in each.args
    ]
    return {test.name for test in tests} | {f"{kind}({number})" for kind, number in marks}


def lines_of(beginning: str) -> Iterator[str]:
    """The page's table lines whose first cell begins so."""
    yield from (line for line in PAGE.splitlines() if re.match(rf"\| {beginning}\b", line))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value.removesuffix(".py"))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert any(fnmatchcase(test, name) or test == name for test in claims_of(TESTS / file))


@pytest.mark.parametrize("first", [*map(str, ROWS), *(f"H{n}" for n in HOLES), *(f"I{n}" for n in INVARIANTS)])
def test_every_row_hole_and_invariant_has_a_line_with_a_test_or_a_reason(first: str) -> None:
    (line,) = lines_of(first)

    assert re.search(r"::(test_|row|hole)|\| none: \w+", line)


@pytest.mark.parametrize("file", sorted((TESTS / "integration").glob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_about_a_row_or_a_hole_is_named(file: Path) -> None:
    named = {name for page, name in NAMED if page == f"integration/{file.name}"}
    about = {mark for mark in claims_of(file) if mark.startswith(("row(", "hole("))}

    assert about - named == set()


def test_a_line_about_a_row_names_tests_of_that_row() -> None:
    wrong = [
        (row, number)
        for row in ROWS
        for line in lines_of(str(row))
        for number in map(int, re.findall(r"::row\((\d+)\)", line))
        if row != number
    ]

    assert wrong == []


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_the_levels_of_its_tests_and_what_the_simulator_calls_it(row: int) -> None:
    (line,) = lines_of(str(row))
    _, _, _, told, tests, _ = line.split("|")
    levels, simulated = re.findall(r"[a-z ]+(?= \(`|,|$)", told.strip()), re.findall(r"`([^`]+)`", told)
    named = {
        next(level for folder, level in LEVELS.items() if file.startswith(folder))
        for file in re.findall(r"`([\w/]+)\.py::", tests)
    }

    assert {level.strip() for level in levels} - {"simulator", "none"} == named
    assert set(simulated) <= every_fault() | set(SCENARIOS)


@pytest.mark.parametrize("page", ["README.md", "functions/README.md", "infra/README.md", "events/README.md"])
def test_the_links_of_a_page_lead_to_files(page: str) -> None:
    path = TESTS.parent / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []
