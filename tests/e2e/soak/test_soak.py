"""Minutes of two thousand messages through real servers while things go wrong: every promise is kept."""

import pytest

from tests.e2e.soak.soak import Plan, soak

PLAN = Plan(messages=2000, seed=20_261_122, kills=16, storms=8, rounds=2, within=1800)


@pytest.mark.timeout(2000)
def test_nothing_is_lost_and_nothing_happens_twice_while_everything_goes_wrong() -> None:
    report = soak(PLAN)

    assert report.wrong == []
    assert report.messages == PLAN.messages
    assert report.struck >= 24
