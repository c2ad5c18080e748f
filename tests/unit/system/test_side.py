"""Sides as a user writes them."""

from pathlib import Path

import pytest

from bench.system.side import HERE, SideTextError, parse_side


def test_nothing_is_this_checkout() -> None:
    assert parse_side("") == HERE
    assert HERE.folder is None


def test_all_parts_together(tmp_path: Path) -> None:
    side = parse_side(
        f"python=/a/python,python.torch=/b/python,src={tmp_path},env.OMP_NUM_THREADS=1"
    )
    assert side.pythons == {"jax": "/a/python", "tensorflow": "/a/python", "torch": "/b/python"}
    assert side.folder == tmp_path.resolve()
    assert side.base_environment["OMP_NUM_THREADS"] == "1"


def test_a_value_may_hold_commas_and_equal_signs() -> None:
    side = parse_side("env.XLA_FLAGS=--xla_a=1,--xla_b=2,env.TF_NUM_INTRAOP_THREADS=1")
    assert side.variables == {"XLA_FLAGS": "--xla_a=1,--xla_b=2", "TF_NUM_INTRAOP_THREADS": "1"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/usr/bin/python", "allowed are python=PATH"),
        ("pyhton=/x", "'pyhton=/x'"),
        ("python.theano=/x", "'python.theano=/x'"),
        ("env.=1", "'env.=1'"),
        ("src=/nowhere", "src=/nowhere, which is not a folder"),
        ("python=/x,python=/y", "gives python twice"),
        ("env.HOME=/x", "sets HOME, which is not passed on to workers"),
        ("env.JAX_API_KEY=1", "sets JAX_API_KEY, which is not passed on to workers"),
    ],
)
def test_what_is_wrong_is_named(text: str, names: str) -> None:
    with pytest.raises(SideTextError) as caught:
        parse_side(text)
    assert names in str(caught.value)
    assert str(caught.value).endswith(".")
