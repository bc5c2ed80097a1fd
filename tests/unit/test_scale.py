"""The model of ten million responses says of a few thousand what the functions' own code takes for them."""

from pathlib import Path

import pytest

from tests.benchmarks import scale, scale_plot
from tests.benchmarks.cost import OUR_UNITS
from tests.benchmarks.retention import measure
from tests.benchmarks.scale import BACKLOG, DELETE_DUE, SWEEP, TICK, Cloud
from tests.benchmarks.scaled_down import drain

MESSAGES = 1_200
CLOUDS = {
    "instances": Cloud("few instances", instances=2, at_once=16, units=100_000),
    "request units": Cloud("few units", instances=4, at_once=100, units=500),
}


@pytest.mark.parametrize("first", CLOUDS)
def test_the_model_takes_as_long_as_a_scaled_down_run(first: str) -> None:
    cloud = CLOUDS[first]
    rate, full = cloud.rate(OUR_UNITS)

    assert full == first
    assert drain(MESSAGES, cloud) == pytest.approx(MESSAGES / rate, rel=0.1)


def test_the_model_of_a_sweep_takes_as_long_as_the_function_s_own_sweeps() -> None:
    units = 100
    rate, full = Cloud("few units", instances=2, at_once=16, units=units).rate(SWEEP + DELETE_DUE, swept=True)

    came = measure(3_000, BACKLOG, units, TICK)

    assert (full, came.held_up_by) == ("the sweep's minute", "the sweep's time")
    assert came.responses / came.whole == pytest.approx(rate, rel=0.1)


def test_what_was_measured_ends_with_what_stands_in_the_way() -> None:
    measured, standing = (Path(scale.__file__).with_name(name).read_text() for name in ("measured.md", "standing.md"))
    assert measured.endswith(standing), "copy standing.md to the end of measured.md, or run make bench"


def test_table_and_plot_are_those_of_the_model() -> None:
    page = (Path(__file__).parents[2] / "infra" / "README.md").read_text()

    assert "\n".join(scale.table()) in page
    assert scale_plot.WRITTEN.read_text() == scale_plot.drawn()
