"""tests/README.md names tests that exist, and every row, hole and invariant of it has tests."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from tests.simulation.faults import every_fault
from tests.simulation.scenarios import SCENARIOS

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS / "README.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w*\*?|(?:row|hole|draft)\(\d+\))`", PAGE)))
LEVELS = {
    "unit/aistudio": "raw socket",
    "unit": "one package",
    "integration": "real servers",
    "e2e": "end to end",
    "fuzz": "any input",
}
ROWS, HOLES, INVARIANTS = range(1, 36), range(1, 28), range(1, 9)
MARKS = {"row": ROWS, "hole": HOLES, "draft": HOLES}


def marks_of(node: ast.AST) -> Iterator[str]:
    """The marks of rows and holes below a node of a file: `row(5)`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in MARKS:
            yield from (f"{each.func.attr}({ast.literal_eval(number)})" for number in each.args)


@cache
def claims_of(path: Path) -> frozenset[str]:
    """The names of a file's tests, and the rows and holes that it marks."""
    tree = ast.parse(path.read_text())
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    return frozenset(tests | set(marks_of(tree)))


def files_with(mark: str) -> list[str]:
    """The files of tests with this mark, from the folder of tests."""
    files = (path for path in TESTS.rglob("test_*.py") if mark in claims_of(path))
    return [path.relative_to(TESTS).as_posix() for path in files]


def cells_of(first: str) -> list[str]:
    """The other cells of the page's table line whose first cell is this."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value.removesuffix(".py"))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert any(fnmatchcase(test, name) or test == name for test in claims_of(TESTS / file))


@pytest.mark.parametrize("number", HOLES)
def test_every_hole_has_a_line_and_a_test(number: int) -> None:
    assert cells_of(f"H{number}")
    assert files_with(f"hole({number})")


@pytest.mark.parametrize("number", HOLES)
def test_every_hole_of_the_first_draft_has_a_line_and_a_test(number: int) -> None:
    assert cells_of(f"D{number}")
    assert files_with(f"draft({number})")


@pytest.mark.parametrize("number", INVARIANTS)
def test_every_invariant_names_a_test(number: int) -> None:
    assert re.search(rf"(?s)- \*\*I{number}\*\* [^\n]+:\n  `[\w/]+\.py::", PAGE)


def test_every_mark_is_of_a_row_or_a_hole_that_the_page_has() -> None:
    known = {f"{mark}({number})" for mark, numbers in MARKS.items() for number in numbers}
    marked = {claim for path in TESTS.rglob("test_*.py") for claim in claims_of(path) if "(" in claim}

    assert marked - known == set()


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_the_levels_of_its_tests_and_what_the_simulator_calls_it(row: int) -> None:
    _, told = cells_of(str(row))
    levels, simulated = re.findall(r"[a-z ]+(?= \(`|,|$)", told), re.findall(r"`([^`]+)`", told)
    marked = {
        next(level for folder, level in LEVELS.items() if file.startswith(folder)) for file in files_with(f"row({row})")
    }

    assert {level.strip() for level in levels} - {"simulator"} == marked or (told.startswith("none: ") and not marked)
    assert set(simulated) <= every_fault() | set(SCENARIOS)


@pytest.mark.parametrize(
    "page", ["README.md", "functions/README.md", "infra/README.md", "events/README.md", "tests/README.md"]
)
def test_the_links_of_a_page_lead_to_files(page: str) -> None:
    path = TESTS.parent / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []
