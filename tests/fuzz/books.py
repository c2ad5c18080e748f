"""The targets that read what a measurement wrote down to go on with: races, sessions, layers."""

from pathlib import Path

import msgspec

from bench.core.record import GitFacts
from bench.profiling.columns import gaps_frame, layers_frame
from bench.profiling.report import Findings, layers_markdown
from bench.profiling.samples import FILE, LayersError, read_samples
from bench.runner.plan import PlannedLaunch
from bench.runner.race_plan import (
    Blocked,
    Chosen,
    Contender,
    Launch,
    RacePlan,
    planned_steps,
    read_race_plan,
)
from bench.storage.sessions import ResumeError, Session, minute, read_sessions
from tests.fixtures.layer_rows import make_timing, make_visit
from tests.fixtures.records import make_record
from tests.fuzz.inputs import json_documents, json_lines
from tests.fuzz.target import Target, file_in

encode = msgspec.json.encode

RECORD = make_record(epochs=1)
RACE = RacePlan(
    run_id=RECORD.run_id,
    command="race",
    chosen=Chosen(rounds=6, timeout_seconds=60.0, pythons={"jax": "/x/python"}, data_dir=None),
    protocol_version=RECORD.protocol_version,
    machine=RECORD.machine,
    contenders=(
        Contender(
            cell=RECORD.cell,
            instrumented=False,
            digest=RECORD.digest,
            python="/x/python",
            versions=RECORD.versions,
            workload_source=RECORD.workload_source,
            dataset=RECORD.dataset,
            environment=RECORD.environment,
        ),
    ),
    launches=(Launch(digest=RECORD.digest, repetition=0, round=0, position=0),),
    blocked=(Blocked(cell=RECORD.cell, instrumented=True, why="no interpreter"),),
)
SESSIONS = [
    Session(
        number=number,
        started_at="2026-11-01T12:00:00.000+00:00",
        kept=number,
        superseded=1,
        git=GitFacts(commit="0" * 40, dirty=False),
    )
    for number in range(2)
]

VISITS = [
    make_visit(backend, number, make_timing("dense", 1.5, 2.0))
    for backend in ("jax", "torch")
    for number in range(2)
]


def _read_race(content: bytes, folder: Path) -> None:
    """Read the book of a race, and plan what is left of it where no contender is there any more."""
    file_in(folder, "race.json", content)
    book = read_race_plan(folder)
    encode(book)
    drafts = [
        PlannedLaunch(cell=each.cell, repetition=0, action="blocked", why="it is gone")
        for each in book.contenders
    ]
    planned_steps(book, drafts)


def _read_sessions(content: bytes, folder: Path) -> None:
    file_in(folder, "sessions.jsonl", content)
    for session in read_sessions(folder):
        minute(session.started_at)


def _read_layers(content: bytes, folder: Path) -> None:
    """Read rows of layers and make both tables of them."""
    file_in(folder, FILE, content)
    findings = Findings(read_samples(folder))
    layers_frame(findings.costs)
    gaps_frame(findings.gaps)
    layers_markdown(findings)


BOOK_TARGETS = [
    Target("race-book", json_documents(encode(RACE)), _read_race, (ResumeError,)),
    Target("sessions", json_lines(list(map(encode, SESSIONS))), _read_sessions, (ResumeError,)),
    Target("layers", json_lines(list(map(encode, VISITS))), _read_layers, (LayersError,)),
]
