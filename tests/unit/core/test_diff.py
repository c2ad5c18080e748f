"""What changed between two records."""

import pytest

from bench.core.diff import diff_records
from tests.fixtures.records import make_record


def test_equal_records_have_no_change_and_a_repetition_is_none() -> None:
    assert (
        diff_records(make_record(), make_record(repetition=1, train_seconds=[1.0, 2.0, 3.0])) == []
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"versions": {"python": "3.11.9", "keras": "3.15.2"}}, "keras 3.15.1 -> 3.15.2"),
        ({"versions": {"python": "3.11.9"}}, "keras 3.15.1 -> none"),
        ({"workload_source": "d" * 64}, "workload source"),
        ({"fingerprint": "0" * 64}, "dataset"),
        ({"protocol_version": 3}, "protocol 2 -> 3"),
        ({"environment": {"OMP_NUM_THREADS": "2"}}, "environment OMP_NUM_THREADS none -> 2"),
        ({"machine": {"machine_id": "ba98"}}, "machine 0123456789ab -> ba98"),
    ],
)
def test_every_change_is_named(fields: dict[str, object], words: str) -> None:
    assert words in diff_records(make_record(), make_record(**fields))
