"""Each numeric finding of docs/results/upstream.md has its size and direction on each backend."""

import pytest

from tests.upstream.effects import BACKENDS, numeric_scripts, unmet_effects
from tests.upstream.interpreters import other_versions, run_script, run_together


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return a function from a backend to the JSON lines of all numeric reproductions there."""
    found = {}

    def of(backend):
        if backend not in found:
            home = tmp_path_factory.mktemp(backend)
            found[backend] = run_together(numeric_scripts(), backend, home)
        return found[backend]

    return of


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_effects_are_of_the_installed_versions(backend):
    assert other_versions(backend) == []


@pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in BACKENDS]
)
@pytest.mark.parametrize("script", numeric_scripts())
def test_the_reproduction_shows_the_effect(script, backend, measured):
    assert unmet_effects(script, backend, measured(backend)[script]) == []


def test_a_reproduction_runs_by_itself_as_its_page_says(tmp_path):
    found = run_script("adam_embedding", "tensorflow", tmp_path)
    assert unmet_effects("adam_embedding", "tensorflow", found) == []
