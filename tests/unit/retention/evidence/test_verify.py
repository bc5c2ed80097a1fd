"""What an export proves of itself, and what is found of one that was changed."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import rfc8785

from ledger import RecordKey
from retention.evidence.export import exported
from retention.evidence.seals import Line, Seal, SealedDay, name_of
from retention.evidence.verify import Fault, verify

DAYS = ("2026-11-24", "2026-11-25", "2026-11-26")


def lines(day: str, count: int) -> list[Line]:
    return [
        Line.of(
            RecordKey(f"response#{day}-{number:02}"),
            number % 8,
            {"outcome": "deleted", "executed_at": 1795334401.25 + number},
        )
        for number in range(count)
    ]


def sealed(counts: tuple[int, ...] = (11, 0, 20)) -> list[SealedDay]:
    days: list[SealedDay] = []
    for day, count in zip(DAYS, counts, strict=False):
        days.append(SealedDay.over(day, days[-1].seal.head if days else "", lines(day, count)))
    return days


DAY = sealed()
FILE = list(exported(DAY))
HEAD = DAY[-1].seal.head


def at_fault(file: list[bytes], head: str | None = None) -> list[int]:
    return [fault.line for fault in verify(file, head).faults]


def changed(at: int, change: Callable[[dict[str, Any]], object]) -> list[bytes]:
    """The file with the content of one line changed, and written as a careful forger would."""
    said = json.loads(FILE[at - 1])
    change(said)
    return [*FILE[: at - 1], rfc8785.dumps(said), *FILE[at:]]


LINES = [at for at, line in enumerate(FILE, 1) if b'"line":' in line]
SEALS = [at for at, line in enumerate(FILE, 1) if line.startswith(b'{"seal"')]


def test_an_export_proves_itself_and_says_how_much_it_proves() -> None:
    verdict = verify(FILE, HEAD)

    assert (verdict.faults, verdict.proved, verdict.head) == ((), 31, HEAD)


def test_the_order_in_which_lines_were_found_makes_no_difference() -> None:
    assert SealedDay.over(DAYS[0], "", reversed(lines(DAYS[0], 11))) == DAY[0]


def test_every_line_of_the_file_is_canonical_json() -> None:
    assert all(rfc8785.dumps(json.loads(line)) == line for line in FILE)


@pytest.mark.parametrize("at", [LINES[0], LINES[5], LINES[-1]])
def test_a_byte_that_was_changed_names_its_line(at: int) -> None:
    altered = FILE[at - 1].replace(b"deleted", b"delayed")

    assert at_fault([*FILE[: at - 1], altered, *FILE[at:]]) == [at]


def test_whatever_byte_is_changed_some_line_fails() -> None:
    days = [SealedDay.over(DAYS[0], "", lines(DAYS[0], 2))]
    file, head = list(exported(days)), days[0].seal.head
    for at, raw in enumerate(file):
        for position in range(len(raw)):
            altered = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
            assert at_fault([*file[:at], altered, *file[at + 1 :]], head), (at, position)


def test_a_line_written_in_another_way_names_itself() -> None:
    spaced = json.dumps(json.loads(FILE[LINES[2] - 1])).encode()

    assert at_fault([*FILE[: LINES[2] - 1], spaced, *FILE[LINES[2] :]]) == [LINES[2]]


def test_a_line_that_was_removed_is_named_by_its_place() -> None:
    gone = LINES[4]
    place = json.loads(FILE[gone - 1])

    faults = verify([*FILE[: gone - 1], *FILE[gone:]]).faults

    assert [fault.problem for fault in faults] == [
        f"line {place['index']} of shard {place['shard']} of the day {place['day']} is missing",
        "does not end with as many lines as it says",
    ]


@pytest.mark.parametrize("apart", [1, 4])
def test_two_lines_that_were_swapped_are_both_named(apart: int) -> None:
    one, other = LINES[12], LINES[12 + apart]
    file = list(FILE)
    file[one - 1], file[other - 1] = file[other - 1], file[one - 1]

    assert at_fault(file) == [one, other]


def test_two_receipts_that_changed_places_are_both_named() -> None:
    one, other = LINES[2], LINES[3]
    first, second = json.loads(FILE[one - 1]), json.loads(FILE[other - 1])
    first["line"], second["line"] = second["line"], first["line"]
    file = list(FILE)
    file[one - 1], file[other - 1] = rfc8785.dumps(first), rfc8785.dumps(second)

    assert at_fault(file) == [one, other]


def test_a_line_that_stands_twice_is_found() -> None:
    count = rfc8785.dumps({"end": {"lines": len(LINES) + 1}})

    faults = verify([*FILE[: LINES[0]], FILE[LINES[0] - 1], *FILE[LINES[0] : -1], count]).faults

    assert faults == (Fault(LINES[0] + 1, "stands there twice"),)


@pytest.mark.parametrize("at", SEALS)
@pytest.mark.parametrize(
    "forge",
    [
        lambda seal: seal.update(previous="0" * 64),
        lambda seal: seal.update(root="0" * 64),
        lambda seal: seal["shards"][1].update(root="0" * 64),
        lambda seal: seal["shards"][1].update(count=7),
        lambda seal: seal.update(day="2026-11-27"),
        lambda seal: seal.update(version=2),
    ],
    ids=["previous", "root", "shard", "count", "day", "version"],
)
def test_a_forged_seal_is_found(at: int, forge: Callable[[dict[str, Any]], object]) -> None:
    assert not verify(changed(at, lambda said: forge(said["seal"])), HEAD).holds


ODD: list[Any] = [None, True, 1.5, -1, "3", [], {}, 2**53 - 1]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "bend",
    [
        lambda said, odd: said["seal"]["shards"][1].update(count=odd),
        lambda said, odd: said["seal"]["shards"][1].update(root=odd),
        lambda said, odd: said["seal"].update(shards=odd),
        lambda said, odd: said["seal"].update(day=odd),
        lambda said, odd: said.update(beside=odd),
    ],
    ids=["count", "root", "shards", "day", "beside"],
)
def test_a_seal_of_odd_values_is_found_and_stops_nothing(bend: Callable[[Any, Any], object], odd: Any) -> None:
    verdict = verify(changed(SEALS[0], lambda said: bend(said, odd)))

    assert SEALS[0] in {fault.line for fault in verdict.faults}
    assert len(verdict.faults) < 2_000


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", ["day", "shard", "index", "path", "line", "beside"])
def test_a_line_of_odd_values_is_found_and_stops_nothing(name: str, odd: Any) -> None:
    at = next(at for at in LINES if (said := json.loads(FILE[at - 1]))["shard"] == 1 and said["index"] == 1)

    assert at in at_fault(changed(at, lambda said: said.update({name: odd})))


@pytest.mark.parametrize("at", [1, len(FILE)])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_the_first_and_the_last_line_say_what_they_have_to_and_nothing_else(at: int, odd: Any) -> None:
    assert at in at_fault(changed(at, lambda said: said.update(beside=odd)))
    name = "version" if at == 1 else "lines"
    assert at in at_fault(changed(at, lambda said: next(iter(said.values())).update({name: odd})))


def test_a_day_that_was_sealed_anew_breaks_the_chain_where_the_next_begins() -> None:
    other = SealedDay.over(DAYS[0], "", lines(DAYS[0], 10))

    faults = verify(list(exported([other, *DAY[1:]]))).faults

    assert [fault.line for fault in faults] == [1 + 1 + 10 + 1]
    assert "one of them was forged" in faults[0].problem


def test_a_day_that_was_left_out_is_found() -> None:
    faults = verify(list(exported([DAY[0], DAY[2]]))).faults

    assert any("not of the day after" in fault.problem for fault in faults)


def test_a_chain_that_was_forged_from_end_to_end_fails_against_a_head_that_someone_kept() -> None:
    forged: list[SealedDay] = []
    for day, count in zip(DAYS, (11, 0, 19), strict=True):
        forged.append(SealedDay.over(day, forged[-1].seal.head if forged else "", lines(day, count)))
    file = list(exported(forged))

    assert verify(file).holds
    assert [fault.problem for fault in verify(file, HEAD).faults] == ["no seal has the head that was given"]


def test_a_head_of_an_earlier_day_is_known_too() -> None:
    assert verify(FILE, DAY[0].seal.head).holds


@pytest.mark.parametrize("kept", range(len(FILE)))
def test_a_file_that_was_cut_off_is_found(kept: int) -> None:
    assert not verify(FILE[:kept]).holds


def test_an_export_of_some_lines_proves_each_and_misses_none_of_the_others() -> None:
    some = list(exported(DAY, lambda line: b"-07" in line or b"-08" in line))

    assert verify(some, HEAD).holds
    assert verify(some, HEAD).proved == 4


def test_a_removed_line_shows_in_an_export_of_some_lines_as_well() -> None:
    some = list(exported(DAY, lambda line: b"-07" in line or b"-08" in line))

    assert verify([*some[:2], *some[3:]]).faults == (
        Fault(len(some) - 1, "does not end with as many lines as it says"),
    )


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{", b'{"line":1}', b'{"seal":[]}', b'{"day":"\\ud800"}', b'{"a":NaN}', b"[" * 100_000]
)
def test_what_is_no_line_of_an_export_names_itself_and_stops_nothing(line: bytes) -> None:
    verdict = verify([*FILE[: LINES[0] - 1], line, *FILE[LINES[0] - 1 :]])

    assert LINES[0] in [fault.line for fault in verdict.faults]


def stored(day: SealedDay) -> dict[str, bytes]:
    """The objects of a day as they lie in a bucket."""
    named = {shard: name_of(day.seal.day, shard, root) for shard, root in enumerate(day.seal.roots)}
    return {named[shard]: b"".join(line + b"\n" for line in lines) for shard, lines in enumerate(day.shards) if lines}


def test_a_stored_day_is_read_back_as_it_was() -> None:
    for day in DAY:
        assert SealedDay.read(day.seal, stored(day).__getitem__) == day


@pytest.mark.parametrize("change", [lambda raw: raw.replace(b"deleted", b"delayed", 1), lambda raw: raw + b"{}\n"])
def test_a_stored_day_that_was_changed_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="not those that the seal is over"):
        SealedDay.read(DAY[0].seal, lambda name: change(stored(DAY[0])[name]))


def test_each_seal_names_the_head_of_the_one_before() -> None:
    seals: list[Seal] = [day.seal for day in DAY]

    assert seals[0].previous == ""
    assert all(after.previous == before.head for before, after in pairwise(seals))


def test_a_seal_is_canonical_as_the_rfc_s_example_is() -> None:
    """The example of RFC 8785, section 3.2: what proves anything is the bytes."""
    example = (
        '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        '"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}'
    )

    assert rfc8785.dumps(json.loads(example)).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
