"""Real gates of several folders in one: none lost, none twice, none mixed with another."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fixtures.proof_rows import AA, TENTH, make_context, make_gate
from validation.gate.real import gates_of, import_gates
from validation.gate.rows import RealPair
from validation.gate.store import SampleStore, SampleStoreError


def make_race_plan(folder: Path, session: str, *rows: RealPair) -> SampleStore:
    book = SampleStore(folder)
    book.add(make_context(session))
    book.add(*rows)
    return book


def test_gates_get_numbers_that_are_free(tmp_path: Path) -> None:
    own = [*make_gate(AA, 0), *make_gate(AA, 1)]
    book = make_race_plan(tmp_path / "own", "s1", *own)
    others = [*make_gate(TENTH, 0, session="s2"), *make_gate(AA, 0, session="s2", pairs=3)]
    import_gates(book, make_race_plan(tmp_path / "other", "s2", *others))
    rows = book.rows(RealPair)
    assert rows[:10] == own
    assert [replace(row, gate=0) for row in rows[10:]] == others
    assert [(arm, gate, len(pairs)) for (arm, gate), pairs in gates_of(rows).items()] == [
        (AA, 0, 5),
        (AA, 1, 5),
        (TENTH, 0, 5),
        (AA, 2, 3),
    ]
    assert set(book.contexts()) == {"s1", "s2"}


def test_pairs_that_two_lanes_measured_at_once_stay_with_their_own_gate(tmp_path: Path) -> None:
    lanes = [
        make_race_plan(tmp_path / name, name, *make_gate(AA, 0, session=name))
        for name in ("s2", "s3")
    ]
    book = SampleStore(tmp_path / "own")
    for lane in lanes:
        import_gates(book, lane)
    assert [{row.session for row in gate} for gate in gates_of(book.rows(RealPair)).values()] == [
        {"s2"},
        {"s3"},
    ]


def test_what_was_gathered_before_is_not_gathered_again(tmp_path: Path) -> None:
    other = make_race_plan(tmp_path / "other", "s2", *make_gate(AA, 0, session="s2"))
    book = SampleStore(tmp_path / "own")
    import_gates(book, other)
    import_gates(book, other)
    assert len(book.rows(RealPair)) == 5
    assert (tmp_path / "own" / "sessions.jsonl").read_text().count("\n") == 1


def test_what_a_gate_got_after_it_was_gathered_is_no_gate_of_its_own(tmp_path: Path) -> None:
    gate = make_gate(AA, 0, session="s2", pairs=8)
    other = make_race_plan(tmp_path / "other", "s2", *gate[:3])
    book = SampleStore(tmp_path / "own")
    import_gates(book, other)
    other.add(make_context("s3"))
    later = [replace(row, session="s3") for row in gate[3:]]
    other.add(*later, *make_gate(AA, 1, session="s3"))
    import_gates(book, other)
    assert [len(pairs) for pairs in gates_of(book.rows(RealPair)).values()] == [3, 5]


def test_a_folder_that_holds_no_proof_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleStoreError, match="holds no real gates"):
        import_gates(SampleStore(tmp_path / "own"), SampleStore(tmp_path / "elsewhere"))
