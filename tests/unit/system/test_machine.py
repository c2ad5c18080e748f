"""Facts about the machine and the checkout; what `doctor` makes of them."""

from typing import Any

import pytest

from bench.core.paths import CHECKOUT
from bench.system import machine
from bench.system.machine import git_facts, machine_facts


@pytest.fixture
def no_memory():
    """Forget the facts before and after a test."""
    for facts in (machine_facts, git_facts):
        facts.cache_clear()
    yield
    for facts in (machine_facts, git_facts):
        facts.cache_clear()


def test_the_machine_is_described_in_scalars_with_a_short_id():
    facts: dict[str, Any] = {**machine_facts()}
    assert all(isinstance(value, str | int | float | bool) for value in facts.values())
    assert len(facts["machine_id"]) == 12
    assert 1 <= facts["usable_cpus"] <= facts["logical_cpus"]


def test_the_machine_id_changes_with_the_processor_and_not_with_the_kernel(no_memory, monkeypatch):
    before = machine_facts()["machine_id"]
    machine_facts.cache_clear()
    monkeypatch.setattr("platform.release", lambda: "99.0")
    assert machine_facts()["machine_id"] == before
    machine_facts.cache_clear()
    monkeypatch.setattr(machine, "_cpu_model", lambda: "Another CPU")
    assert machine_facts()["machine_id"] != before


def test_the_checkout_is_the_folder_of_this_project():
    assert (CHECKOUT / "pyproject.toml").is_file()
