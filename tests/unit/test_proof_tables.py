"""tests/README.md names tests that exist, and every row, hole and invariant of it has tests."""

import re
from fnmatch import fnmatchcase

import pytest

from tests.simulation.faults import every_fault
from tests.simulation.scenarios import SCENARIOS
from tests.support.matrix import TESTS, claims_of, files_with, page_with_matrix, rows

PAGE = (TESTS / "README.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w*\*?|(?:row|hole|draft)\(\d+\))`", PAGE)))
ROWS, HOLES, INVARIANTS = range(1, 36), range(1, 28), range(1, 9)
MARKS = {"row": ROWS, "hole": HOLES, "draft": HOLES}


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


def test_the_fault_matrix_is_what_make_matrix_writes() -> None:
    assert page_with_matrix(PAGE) == PAGE


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_tests_and_the_simulator_knows_its_names(row: int) -> None:
    assert files_with(f"row({row})")
    assert set(rows()[row].get("simulator", [])) <= every_fault() | set(SCENARIOS)


@pytest.mark.parametrize(
    "page", ["README.md", "functions/README.md", "infra/README.md", "events/README.md", "tests/README.md"]
)
def test_the_links_of_a_page_lead_to_files(page: str) -> None:
    path = TESTS.parent / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []
