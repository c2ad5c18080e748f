"""Records: immutable, validated, versioned, and the same after a trip through JSON."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.cell import Cell
from bench.core.record import (
    READABLE_VERSIONS,
    RECORD_VERSION,
    Calibration,
    DatasetFacts,
    GitFacts,
    RacePlace,
    Record,
    RecordError,
    decode_record,
    decode_worker_output,
    encode_record,
)
from bench.core.result import Epoch, Result, StepDetail, TrainingPhase, WorkerOutput
from tests.fixtures.present import present
from tests.fixtures.records import make_detail, make_record
from tests.fixtures.strategies import records


def all_names(value: Any) -> set[str]:
    """Return the names of all keys in decoded JSON, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(all_names(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(all_names(item) for item in value))
    return set()


@given(records())
def test_a_record_is_the_same_after_a_trip_through_json(record):
    assert decode_record(encode_record(record), "x") == record


def test_the_json_of_a_record_names_every_field_of_every_part():
    record = make_record(epochs=1, place=(0, 0), detail=make_detail([[0.5]]))
    names = all_names(msgspec.json.decode(encode_record(record)))
    parts = (Record, Cell, Result, Epoch, DatasetFacts, GitFacts)
    for part in (*parts, StepDetail, RacePlace, Calibration):
        assert names >= set(part.__struct_fields__)


def test_the_json_of_a_record_is_lines_that_a_diff_can_show():
    content = encode_record(make_record())
    assert content.endswith(b"}\n")
    assert content.count(b"\n") > len(Record.__struct_fields__)


@pytest.mark.parametrize(
    "part",
    ["record", "cell", "result", "epoch", "dataset", "git", "detail", "race", "calibration"],
)
def test_a_record_never_changes(part):
    record = make_record(epochs=1, place=(0, 0), detail=make_detail([[0.5]]))
    parts: dict[str, Any] = {
        "record": record,
        "cell": record.cell,
        "result": record.result,
        "epoch": present(record.result).epochs[0],
        "dataset": record.dataset,
        "git": record.git,
        "detail": present(record.result).detail,
        "race": record.race,
        "calibration": present(record.calibration)[0],
    }
    field = parts[part].__struct_fields__[0]
    with pytest.raises(AttributeError):
        setattr(parts[part], field, getattr(parts[part], field))


@pytest.mark.parametrize(
    "contradiction",
    [
        {"status": "ok", "result": None},
        {"status": "ok", "reason": "out of memory"},
        {"status": "ok", "result": None, "reason": "out of memory"},
        {"status": "failed", "reason": None},
        {"status": "failed", "result": make_record().result},
    ],
)
def test_a_record_that_contradicts_itself_is_refused(contradiction):
    with pytest.raises(ValueError, match="contradict each other"):
        make_record(**contradiction)


def test_a_record_with_more_or_fewer_epochs_than_its_cell_is_refused():
    result = make_record(epochs=3).result
    for epochs in (2, 4):
        with pytest.raises(ValueError, match=f"asks for {epochs} epochs, the result holds 3"):
            make_record(epochs=epochs, result=result)


@pytest.mark.parametrize("field", ["train_seconds", "validation_seconds"])
@pytest.mark.parametrize("value", [0.0, -0.001, math.nan, math.inf, -math.inf])
def test_an_epoch_takes_time_above_zero(field, value):
    epoch = present(make_record().result).epochs[1]
    with pytest.raises(ValueError, match="epoch 1 has a duration that is not above 0 s"):
        msgspec.structs.replace(epoch, **{field: value})


@pytest.mark.parametrize("name", ["loss", "val_auc"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_log_is_finite_or_none(name, value):
    epoch = present(make_record().result).epochs[1]
    with pytest.raises(ValueError, match=f"{name} is {value} in epoch 1"):
        msgspec.structs.replace(epoch, logs={name: value})
    assert msgspec.structs.replace(epoch, logs={name: None}).logs == {name: None}


@pytest.mark.parametrize("field", ["loss", "accuracy", "val_loss", "val_accuracy"])
def test_an_epoch_may_lack_each_log(field):
    assert (
        getattr(msgspec.structs.replace(present(make_record().result).epochs[0], logs={}), field)
        is None
    )


@pytest.mark.parametrize("name", ["acc", "categorical_accuracy", "sparse_categorical_accuracy"])
def test_the_accuracy_is_found_under_the_usual_names(name):
    epoch = msgspec.structs.replace(
        present(make_record().result).epochs[0], logs={f"val_{name}": 0.5}
    )
    assert (epoch.accuracy, epoch.val_accuracy) == (None, 0.5)


def test_only_a_stopped_training_has_fewer_epochs_than_its_cell():
    record = make_record(train_seconds=[4.0, 2.0])
    cell = msgspec.structs.replace(record.cell, epochs=3)
    with pytest.raises(ValueError, match="asks for 3 epochs, the result holds 2"):
        msgspec.structs.replace(record, cell=cell)
    stopped = msgspec.structs.replace(present(record.result), stopped_early=True)
    assert msgspec.structs.replace(record, cell=cell, result=stopped).result == stopped
    with pytest.raises(ValueError, match="asks for 1 epochs, the result holds 2"):
        one = msgspec.structs.replace(record.cell, epochs=1)
        msgspec.structs.replace(record, cell=one, result=stopped)


def test_a_result_has_epochs_or_phases():
    result = present(make_record().result)
    fit = TrainingPhase(name="fit", method="fit", line=3, seconds=9.5, epochs=result.epochs)
    assert msgspec.structs.replace(result, epochs=(), phases=(fit,)).phases == (fit,)
    with pytest.raises(ValueError, match="phases beside epochs"):
        msgspec.structs.replace(result, phases=(fit,))
    with pytest.raises(ValueError, match="no epoch"):
        msgspec.structs.replace(result, epochs=())


@pytest.mark.parametrize(
    "wrong",
    [{"method": "script"}, {"epochs": ()}, {"seconds": -1.0}, {"seconds": math.nan}],
)
def test_an_impossible_phase_is_refused(wrong):
    epochs = present(make_record().result).epochs
    with pytest.raises(ValueError, match="fit 2"):
        TrainingPhase(
            **{"name": "fit 2", "method": "fit", "line": None, "seconds": 1.0}
            | {"epochs": epochs}
            | wrong
        )


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf])
def test_a_latency_is_above_zero(value):
    with pytest.raises(ValueError, match="latency_seconds holds a duration"):
        msgspec.structs.replace(present(make_record().result), latency_seconds=(0.5, value))


@pytest.mark.parametrize("field", ["tail_seconds", "first_step_seconds"])
@pytest.mark.parametrize("value", [-0.001, math.nan, math.inf])
def test_a_duration_inside_an_epoch_is_finite_and_not_negative(field, value):
    epoch = present(make_record().result).epochs[1]
    with pytest.raises(ValueError, match=f"{field} is {value} in epoch 1"):
        msgspec.structs.replace(epoch, **{field: value})
    assert getattr(msgspec.structs.replace(epoch, **{field: None}), field) is None


NUMBERS = [
    field.name
    for field in msgspec.structs.fields(Result)
    if field.type in (int, float, int | None, float | None)
]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_a_number_of_a_result_is_finite_and_not_negative(field, value):
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        msgspec.structs.replace(present(make_record().result), **{field: value})


@pytest.mark.parametrize("value", [-0.5, math.nan, math.inf])
def test_the_wall_time_of_a_record_is_finite_and_not_negative(value):
    with pytest.raises(ValueError, match="wall_seconds"):
        make_record(wall_seconds=value)
    assert make_record(wall_seconds=0.0).wall_seconds == 0


def test_a_repetition_is_not_negative():
    with pytest.raises(ValueError, match="repetition"):
        make_record(repetition=-1)


def test_epochs_are_numbered_without_gaps():
    result = present(make_record().result)
    for epochs in (result.epochs[1:], result.epochs[::-1], result.epochs[:1] * 2):
        with pytest.raises(ValueError, match="not numbered 0, 1, 2"):
            msgspec.structs.replace(result, epochs=epochs)
    with pytest.raises(ValueError, match="no epoch"):
        msgspec.structs.replace(result, epochs=())


def test_a_worker_gives_either_a_result_or_a_reason():
    result = make_record().result
    wrongs: list[dict[str, Any]] = [{}, {"result": result, "reason": "x"}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="either a result or a reason"):
            WorkerOutput(**wrong)
    with pytest.raises(ValueError, match="reason is empty"):
        WorkerOutput(reason=" \n")
    with pytest.raises(ValueError, match="is marked unsupported"):
        WorkerOutput(result=result, unsupported=True)


@pytest.mark.parametrize(
    ("version", "advice"),
    [(0, "re-run its cell"), (RECORD_VERSION + 1, "the newer checkout")],
)
def test_a_record_of_another_version_is_refused_with_an_instruction(version, advice):
    old = encode_record(make_record()).replace(
        f'"record_version": {RECORD_VERSION}'.encode(), f'"record_version": {version}'.encode()
    )
    with pytest.raises(RecordError) as caught:
        decode_record(old, "runs/a.json")
    assert str(caught.value).startswith(f"runs/a.json has record version {version}, this checkout")
    assert advice in str(caught.value)


def test_a_record_of_version_1_is_read_and_what_came_after_it_is_none():
    """Nothing of version 2 stands in its JSON."""
    new = msgspec.to_builtins(make_record())
    result = [f.name for f in msgspec.structs.fields(Result) if f.required]
    epoch = [f.name for f in msgspec.structs.fields(Epoch) if f.required]
    required = [f.name for f in msgspec.structs.fields(Record) if f.required]
    old = {name: new[name] for name in required} | {"record_version": 1}
    old["result"] = {name: new["result"][name] for name in result}
    old["result"]["epochs"] = [{n: e[n] for n in epoch} for e in new["result"]["epochs"]]
    record = decode_record(msgspec.json.encode(old), "x")
    assert 1 in READABLE_VERSIONS and record.record_version == RECORD_VERSION
    assert record.race is None and record.calibration is None
    assert record.interpreter_seconds is None
    result_then = present(record.result)
    assert result_then.setup_seconds is None and result_then.forward_macs is None
    assert result_then.epochs[0].tail_seconds is None


def test_a_version_is_recognised_whatever_else_that_version_holds():
    with pytest.raises(RecordError, match="has record version 99"):
        decode_record(b'{"record_version": 99, "cell": "another layout"}', "x")


def test_an_unknown_field_is_refused():
    content = encode_record(make_record()).replace(b'"digest"', b'"more": 1, "digest"')
    with pytest.raises(RecordError, match="unknown field `more`"):
        decode_record(content, "x")


def test_a_record_of_a_cell_that_is_not_allowed_is_refused():
    content = encode_record(make_record()).replace(b'"jax"', b'"mxnet"', 1)
    with pytest.raises(RecordError, match="x is not a record: backend is 'mxnet'"):
        decode_record(content, "x")


@given(st.binary(max_size=200))
def test_garbage_gives_a_record_error_and_nothing_else(content):
    for decode in (lambda c: decode_record(c, "x"), decode_worker_output):
        with pytest.raises(RecordError):
            decode(content)


@given(st.data())
def test_a_damaged_record_is_read_or_gives_a_record_error_and_nothing_else(data):
    content = bytearray(encode_record(make_record(epochs=1)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"9", b"-", b"null", b'"', b"{", b"\xff", b"1e999"])
        )
        content[place : place + data.draw(st.integers(0, 30))] = piece
        content = content or bytearray(b"{")
    try:
        assert decode_record(bytes(content), "x").record_version in READABLE_VERSIONS
    except RecordError as error:
        assert str(error).startswith("x ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"\xed\xa0\x80"',
        b'{"record_version": 1, "cell": ' + b"[" * 10**5,
    ],
    ids=["empty", "null", "array", "object", "surrogate", "deep"],
)
def test_what_is_no_record_is_refused_with_its_origin(content):
    with pytest.raises(RecordError, match=r"^runs/a\.json is not a record: "):
        decode_record(content, "runs/a.json")


@pytest.mark.parametrize(
    "content",
    [b'{"result": ' * 10**5, b'{"result": {"epochs": [{"loss": NaN}]}}', b'{"reason": ""}'],
    ids=["deep", "NaN", "empty reason"],
)
def test_an_unusable_output_of_a_worker_is_refused(content):
    with pytest.raises(RecordError, match=r"^the worker wrote an unusable result: "):
        decode_worker_output(content)


def test_the_key_of_a_record_is_its_digest_and_repetition():
    assert make_record(digest="d", repetition=2).key == ("d", 2)
    assert make_record(machine={"machine_id": "m"}).machine_id == "m"
