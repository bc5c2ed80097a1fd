"""The fault matrix of tests/README.md: made of matrix.yaml, and of the marks that tests have. `make matrix` writes it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict

import yaml

TESTS = Path(__file__).resolve().parents[1]
LEVELS = {
    "integration": "real servers",
    "e2e": "end to end",
    "unit/aistudio": "raw socket",
    "unit": "one package",
    "fuzz": "any input",
}
"""By folder: what is real around the code. The order is that of the page."""

MARKS = ("row", "hole", "draft")
_TABLE = re.compile(r"(\| row \| fault \| level \|\n\|---\|---\|---\|\n)(?:\|.*\n)*")


class Row(TypedDict):
    """A fault, and its names in the simulator: faults of simulation/faults.py, or scenarios."""

    fault: str
    simulator: NotRequired[list[str]]


def rows() -> dict[int, Row]:
    """The rows of matrix.yaml by number."""
    found: dict[int, Row] = yaml.load((TESTS / "matrix.yaml").read_text(), yaml.CSafeLoader)
    return found


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


def page_with_matrix(page: str) -> str:
    """The page, its table of the fault matrix made anew."""
    lines = [
        f"| {row} | {said['fault']} | {_levels(row, said.get('simulator', []))} |\n" for row, said in rows().items()
    ]
    return _TABLE.sub(lambda found: found[1] + "".join(lines), page)


def _levels(row: int, simulator: list[str]) -> str:
    files = files_with(f"row({row})")
    marked = {next(folder for folder in sorted(LEVELS, reverse=True) if file.startswith(folder)) for file in files}
    names = ", ".join(f"`{name}`" for name in simulator)
    told = [level for folder, level in LEVELS.items() if folder in marked]
    return ", ".join([*told, *([f"simulator ({names})"] if names else [])])


if __name__ == "__main__":
    (TESTS / "README.md").write_text(page_with_matrix((TESTS / "README.md").read_text()))
