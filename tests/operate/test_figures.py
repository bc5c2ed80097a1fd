"""Figures and charts over sealed lines."""

import re
from collections import Counter

import pytest

from infra.operate.evidence.charts import by_day
from infra.operate.evidence.figures import Figures, figures, span
from tests.support.sealed import days_of


def test_lines_are_counted_by_day_and_outcome_and_history_by_kind() -> None:
    days = days_of(100, days=3)

    counted = figures(line for day in days for shard in day.shards for line in shard)

    assert counted.receipts == 100
    assert sum(counted.of(name) for name in counted.names) == 100
    assert {day for day, _ in counted.outcomes} == {day.seal.day for day in days}
    assert counted.history == {"hold": 6}
    assert len(counted.delays) == counted.of("deleted") == sum(count for _, count in counted.steps)
    assert list(counted.delays) == sorted(counted.delays)


@pytest.mark.parametrize(
    ("delays", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.5, 7.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(each) for each in range(1, 101)], 0.95, 95.0),
        ([float(each) for each in range(1, 101)], 1, 100.0),
    ],
)
def test_a_quantile_is_a_delay_that_there_was(delays: list[float], share: float, expected: float | None) -> None:
    assert Figures(delays=delays).quantile(share) == expected


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.25, "250 ms"),
        (1, "1 s"),
        (91, "1 min 31 s"),
        (3_600, "1 h"),
        (90_061, "1 d 1 h"),
        (3_605, "1 h 5 s"),
        (None, "none"),
    ],
)
def test_a_length_of_time_has_two_units_at_the_most(seconds: float | None, told: str) -> None:
    assert span(seconds) == told


def test_a_chart_s_bars_stand_on_each_other_and_reach_as_high_as_their_numbers() -> None:
    counts = Counter(
        {("2026-11-01", "deleted"): 30, ("2026-11-01", "already_absent"): 10, ("2026-11-03", "deleted"): 20}
    )

    drawn = by_day(counts, ["deleted", "already_absent"], "2026-11-01", "2026-11-03")

    bars = [
        tuple(map(float, each))
        for each in re.findall(r'x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn)
    ]
    (first, second, third) = bars
    assert first[2] / second[2] == pytest.approx(3, abs=0.05)
    assert second[1] + second[2] == pytest.approx(first[1], abs=0.05)
    assert first[0] == second[0] < third[0]
    assert "2026-11-02" in drawn, "a day without receipts keeps its place"
