"""A centre's day in random order, with the model beside it, on both engines."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.properties.booking_machine import BookingMachine
from tests.properties.product import Workshop

EXAMPLES, STEPS = 50, 40


@pytest.fixture
def workshop(engine: Engine, tmp_path: Path) -> Workshop:
    return Workshop(engine, tmp_path)


@pytest.mark.rule(
    "B144", "B1", "B3", "B4", "B5", "B6", "B9", "B12", "B24", "B27", "B50", "B51", "B52", "B53", "B54", "B60"
)
def test_in_whatever_order_things_happen_product_and_model_agree(workshop: Workshop) -> None:
    machine: Any = lambda: BookingMachine(workshop)  # noqa: E731 - hypothesis wants a maker of machines
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate],  # a failure is shown as it is: making it smaller takes minutes
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
