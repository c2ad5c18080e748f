"""Several processes on one store."""

import subprocess
import sys

from bench.core.paths import CHECKOUT
from bench.core.record import encode_record
from bench.storage.store import Store
from tests.fixtures.records import make_record

RUN = "20261101T120000Z-0a1b"


_WRITER = """
import sys
from pathlib import Path
import msgspec
from bench.core.record import decode_record
from bench.storage import store as store_module
from bench.storage.store import Store
record = decode_record(Path(sys.argv[2]).read_bytes(), "x")
for number in range(40):
    changed = msgspec.structs.replace(record, repetition=number % 4, log_tail=sys.argv[3] * number)
    Store(Path(sys.argv[1])).save(changed)
"""


def test_two_processes_write_to_one_store_while_a_third_reads_whole_records(tmp_path):
    (tmp_path / "record.json").write_bytes(encode_record(make_record()))
    store = Store(tmp_path / "reports")
    command = [sys.executable, "-c", _WRITER, str(store.reports), str(tmp_path / "record.json")]
    writers = [subprocess.Popen([*command, word], cwd=CHECKOUT) for word in ("one", "two")]
    while any(writer.poll() is None for writer in writers):
        if store.run_ids():
            store.load(RUN)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(record.repetition for record in store.load(RUN)) == [0, 1, 2, 3]
    assert store.skipped == []
    assert not list((store.run_folder(RUN) / "records").glob("*.tmp"))
