import io
from collections.abc import Sequence
from itertools import pairwise

import pytest
from rich.console import Console

from infra.local.play.observe import Observed
from infra.local.play.player import Run
from infra.local.play.table import show
from infra.local.samples.case import Case, cases
from infra.local.samples.model import End

WHERES = ("results without audio", "dead letters, by the queue", "results, bucket", "its own queue")


def seen(end: End, where: str) -> Observed:
    """A message that ended as its sample says."""
    return Observed(end.end, end.outcome, end.reason, end.calls, end.transport or "http", end.result, where)


def run(case: Case, where: str = "results") -> Run:
    ids = [message["message_id"] for message in case.messages]
    return Run(case, ids, [seen(end, where) for end in case.sample.ends])


def shown(runs: Sequence[Run], width: int = 80) -> list[str]:
    """The lines as a terminal of this width shows them."""
    show(Console(file=(file := io.StringIO()), width=width), runs)
    return file.getvalue().splitlines()


def named(title: str) -> Case:
    return next(case for case in cases() if case.title == title)


def cells(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of 80 columns, without headings; a folded cell is put together again."""
    starts = (0, 25, 31, 41, 55, 71, 80)
    rows: list[tuple[str, ...]] = []
    for line in lines:
        found = tuple(line[start:end].strip() for start, end in pairwise(starts))
        if found[1]:
            rows.append(found)
        elif rows and any(found) and line.strip() != "where it" and not found[0]:
            rows[-1] = tuple(f"{old} {new}".strip() for old, new in zip(rows[-1], found, strict=True))
    return [row for row in rows if row[0] != "message"]


@pytest.mark.parametrize("where", WHERES)
def test_eighty_columns_show_each_name_its_calls_its_ends_and_where_it_is(where: str) -> None:
    runs = [run(case, where) for case in cases()]
    lines = shown(runs)
    assert max(map(len, lines)) <= 80
    expected: list[tuple[str, ...]] = []
    for one in runs:
        case, keys = one.case, set[str]()
        for number, end in enumerate(case.sample.ends):
            name = f"message {number + 1}" if number else case.name + " *" * (case.sample.via == "invoke")
            calls = "same" if end.calls and end.key in keys else str(end.calls)
            keys |= {end.key or ""}
            expected.append((name, calls, end.transport or "http", end.end, end.outcome or end.reason or "-", where))
        if not case.sample.ends:
            expected.append((f"{case.name} *", "0", "-", "-", "-", "nothing to do"))
    notes = next(number for number, line in enumerate(lines) if line.startswith("first end: "))
    assert cells(lines[:notes]) == expected


def test_each_column_has_its_whole_heading_at_eighty_columns() -> None:
    lines = shown([run(case) for case in cases()])
    headings = " ".join(next(line for line in lines if line.startswith("message ")).split())
    assert headings == "message calls transport first end in the end ended"
    assert sum(line.strip() == "where it" for line in lines) == len({case.function for case in cases()})


def test_a_second_message_of_the_same_key_does_not_look_like_a_second_call() -> None:
    lines = shown([run(named("delete_response/duplicate"))])
    first, second = (line.split() for line in lines if line.startswith(("duplicate", "  message 2")))
    assert first[2:4] == ["1", "http"]
    assert second[2:4] == ["same", "http"]
    assert any(line.startswith("same: the call of the message above") for line in lines)


def test_a_second_message_with_a_key_of_its_own_has_its_own_calls() -> None:
    lines = shown([run(named("delete_response/batch"))])
    assert [line.split()[2] for line in lines if line.startswith("  message")] == ["0", "1"]


def test_samples_that_go_through_no_queue_are_marked() -> None:
    lines = shown([run(case) for case in cases()], width=120)
    marked = {line.split()[0] for line in lines if " * " in line}
    assert marked == {case.name for case in cases() if case.sample.via == "invoke"}
    assert any(line.startswith("*: straight to the function") for line in lines)


def test_a_long_name_folds_and_takes_nothing_from_the_others() -> None:
    case = named("delete_response/plain")
    lines = shown([run(Case(case.function, "a_name_of_more_than_twenty_four", case.event, case.sample))])
    (row,) = [line.split() for line in lines if line.startswith("a_name")]
    assert row[1:] == ["1", "http", "done", "deleted", "results"]


def test_what_differs_is_told_as_it_is() -> None:
    wrong = run(named("delete_response/plain"))
    wrong.unexpected.append("the call raised: KeyError [/bold] [red]")
    assert "delete_response/plain: the call raised: KeyError [/bold] [red]" in shown([wrong])
