"""What the tests of whole commands get: no figures, unless they are marked `draws`."""

import pytest

from tests.fixtures.edges import draw_nothing


@pytest.fixture(autouse=True)
def no_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: the engine takes seconds to start, in every process anew."""
    if not request.node.get_closest_marker("draws"):
        draw_nothing(monkeypatch)
