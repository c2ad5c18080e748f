"""The store: a record is written whole or not at all, and what cannot be read is told."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.core.record import RacePlace, encode_record
from bench.storage import store as store_module
from bench.storage.store import Store, StoreError, latest_records, new_run_id, newest_of_each
from tests.fixtures.calls import noted_calls
from tests.fixtures.records import make_record

RUN = "20261101T120000Z-0a1b"


def at(minute: int) -> str:
    return f"2026-11-01T12:{minute:02}:00.000+00:00"


def fail_with(number: int):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def test_a_saved_record_is_loaded_again(tmp_path):
    record = make_record()
    path = Store(tmp_path).save(record)
    assert path.parent == tmp_path / "runs" / RUN / "records"
    assert Store(tmp_path).load(RUN) == Store(tmp_path).load_all() == [record]


def test_the_file_of_a_record_is_named_after_its_cell_repetition_and_digest(tmp_path):
    record = make_record(repetition=2, digest="0123456789abcdef")
    assert Store(tmp_path).save(record).name == f"{record.cell.id}-r2-0123456789ab.json"


def test_records_of_one_run_with_unlike_keys_do_not_meet(tmp_path):
    records = [
        make_record(repetition=repetition, digest=digest * 64, started_at=at(minute))
        for minute, (repetition, digest) in enumerate([(0, "a"), (1, "a"), (0, "b")])
    ]
    store = Store(tmp_path)
    for record in records:
        store.save(record)
    assert store.load(RUN) == records


def test_a_record_of_the_same_key_in_the_same_run_takes_the_place_of_the_former(tmp_path):
    store = Store(tmp_path)
    store.save(make_record(status="failed"))
    store.save(make_record())
    assert [record.status for record in store.load(RUN)] == ["ok"]


@pytest.mark.parametrize(("call", "number"), [("replace", errno.EIO), ("fsync", errno.ENOSPC)])
def test_a_save_that_fails_leaves_the_former_record_and_nothing_half_written(
    tmp_path, monkeypatch, call, number
):
    store = Store(tmp_path)
    before = make_record()
    path = store.save(before)
    monkeypatch.setattr(os, call, fail_with(number))
    with pytest.raises(StoreError, match=f"cannot be written: {os.strerror(number)}"):
        store.save(make_record(wall_seconds=99.0))
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert store.load(RUN) == [before]


def test_a_saved_record_and_the_folders_above_it_are_on_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink())
    )
    path = Store(tmp_path / "reports").save(make_record())
    file, *folders = synced
    assert file.suffix == ".tmp"  # what is renamed is whole before it has its name
    assert folders == list(path.parents[:4])
    assert folders[-1] == tmp_path / "reports"


def test_an_interrupted_save_leaves_nothing_half_written(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).save(make_record())
    assert not list((tmp_path / "runs" / RUN / "records").iterdir())


def test_a_store_that_cannot_be_written_says_so_before_anything_is_trained(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(StoreError, match=r"runs.* cannot be written: Not a directory"):
        Store(tmp_path).check_writable(RUN)


def test_a_full_disk_is_noticed_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", fail_with(errno.ENOSPC))
    with pytest.raises(StoreError, match="No space left on device"):
        Store(tmp_path).check_writable(RUN)


def test_a_store_that_can_be_written_keeps_no_trace_of_the_probe(tmp_path):
    Store(tmp_path).check_writable(RUN)
    assert not list((tmp_path / "runs" / RUN / "records").iterdir())


def test_unreadable_files_are_told_once_and_the_others_are_loaded(tmp_path):
    store = Store(tmp_path)
    good = make_record()
    folder = store.save(good).parent
    (folder / "garbage.json").write_bytes(b"\xff\x00")
    (folder / "half.json").write_bytes(encode_record(good)[:200])
    (folder / "older.json").write_bytes(b'{"record_version": 0}')
    (folder / "folder.json").mkdir()
    (folder / ".left-over.json.123.tmp").write_bytes(b"half")
    assert store.load(RUN) == store.load(RUN) == [good]
    assert len(store.skipped) == 4
    for name in ("garbage", "half", "older", "folder"):
        assert [text for text in store.skipped if f"{name}.json" in text]


def test_a_folder_of_records_that_cannot_be_read_is_told(tmp_path):
    store = Store(tmp_path)
    store.save(make_record())
    other = tmp_path / "runs" / f"{RUN}-other" / "records"
    other.parent.mkdir()
    other.write_text("a file")
    assert len(store.load_all()) == 1
    assert store.skipped == [f"{other} cannot be read: Not a directory."]


def test_an_unknown_run_is_refused_with_the_newest_ones(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(StoreError, match=r"Run 'x' does not exist; the newest runs are: none\.$"):
        store.load("x")
    store.save(make_record())
    with pytest.raises(StoreError, match=f"the newest runs are: {RUN}"):
        store.load("x")


def test_a_store_without_a_folder_is_empty_and_stays_without_one(tmp_path):
    store = Store(tmp_path / "none")
    assert store.run_ids() == store.load_all() == []
    assert not (tmp_path / "none").exists()


def test_a_file_in_the_place_of_the_store_is_one_sentence(tmp_path):
    (tmp_path / "reports").touch()
    with pytest.raises(StoreError, match=r"reports cannot be read: Not a directory\."):
        Store(tmp_path / "reports").load_all()


def test_records_are_loaded_oldest_first_whatever_their_run_and_name(tmp_path):
    store = Store(tmp_path)
    for minute, run_id, backend in [(2, "a", "jax"), (0, "b", "torch"), (1, "a", "tensorflow")]:
        store.save(make_record(started_at=at(minute), run_id=run_id, backend=backend))
    assert [r.cell.backend for r in store.load_all()] == ["torch", "tensorflow", "jax"]
    assert store.run_ids() == ["a", "b"]


def test_run_ids_sort_by_time_and_are_unlike_in_one_second():
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert new_run_id(moment).startswith("20261101T120000Z-")
    assert new_run_id(moment) < new_run_id(moment.replace(second=1))
    assert len({new_run_id(moment) for _ in range(5)}) > 1


def test_the_newest_record_of_each_key_counts():
    old = make_record(started_at=at(0))
    new = make_record(started_at=at(1), status="failed")
    other = make_record(started_at=at(0), repetition=1)
    assert newest_of_each([new, old, other]) == {new.key: new, other.key: other}


def test_latest_compares_the_newest_digest_of_every_cell_with_all_its_repetitions():
    before = make_record(digest="before", started_at=at(0))
    first = make_record(digest="after", started_at=at(1))
    second = make_record(digest="after", started_at=at(2), repetition=1)
    other = make_record(digest="other", started_at=at(0), backend="torch")
    records = [second, before, other, first]
    assert latest_records(records, first.machine_id) == [other, first, second]


def test_latest_leaves_out_older_records_of_the_same_repetition():
    old = make_record(started_at=at(0))
    new = make_record(started_at=at(1))
    assert latest_records([new, old], new.machine_id) == [new]


def test_latest_takes_a_race_whole_and_mixes_it_with_nothing():
    place = RacePlace(round=0, position=0)
    plain = make_record(started_at=at(0), repetition=3)
    earlier = make_record(started_at=at(1), run_id="earlier", race=place, repetition=5)
    newest = [
        make_record(started_at=at(minute), run_id="newest", race=place, repetition=minute)
        for minute in (2, 3)
    ]
    assert latest_records([plain, earlier, *newest], plain.machine_id) == newest
    later = make_record(started_at=at(4))
    assert latest_records([plain, *newest, later], plain.machine_id) == [plain, later]


def test_latest_keeps_instrumented_launches_beside_the_plain_ones():
    plain = make_record(started_at=at(0))
    instrumented = make_record(started_at=at(1), instrumented=True, digest="i")
    assert latest_records([plain, instrumented], plain.machine_id) == [plain, instrumented]


def test_latest_holds_the_records_of_one_machine_only():
    here = make_record(started_at=at(0))
    there = make_record(started_at=at(1), digest="d", machine={"machine_id": "there"})
    assert latest_records([here, there], here.machine_id) == [here]
    assert latest_records([here, there], "there") == [there]
    assert latest_records([here, there], "nowhere") == []


def test_a_record_is_decoded_once_while_its_file_stays_the_same(tmp_path, monkeypatch):
    store, read = Store(tmp_path), noted_calls(monkeypatch, store_module, "decode_record")
    path = store.save(make_record(repetition=0))
    store.save(make_record(repetition=1))
    first = store.load_all()
    assert store.load_all() == first and len(read) == 2
    changed = make_record(repetition=0, wall_seconds=99.0)
    assert store.save(changed) == path
    assert changed in store.load_all() and len(read) == 3
    path.unlink()
    assert [record.repetition for record in store.load_all()] == [1]
