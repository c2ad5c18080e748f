"""Faults of a download: no server, a bad one, a cut line, two at once."""

import os
import random
import signal
import socket
from typing import Any

from tests.fault_injection.row import Family, Inject
from tests.fault_injection.served import GOOD, Server, serving
from tests.fault_injection.stage import Ended, Stage, ended
from tests.fault_injection.starter import Command

DOWNLOAD = Family("download")

_SMALL = "tests.fault_injection.served:use_small_cifar10"
_MUST = (
    "the cell is blocked with the reason and the way out; nothing of it stays; the next call works"
)


def plan(stage: Stage, server: Server, **order: Any) -> Ended:
    """Return how a plan ended that has to download."""
    return ended(start(stage, server, **order))


def start(stage: Stage, server: Server, **order: Any) -> Command:
    """Start a plan that has to download."""
    arguments = [*stage.select("ok"), "--dataset=cifar10"]
    return stage.start("plan", *arguments, before=_SMALL, variables=server.variables, **order)


def files(stage: Stage) -> list[str]:
    """Return what the cache holds, without its locks."""
    found = (stage.folder / "cache").rglob("*")
    return sorted(path.name for path in found if path.is_file() and path.suffix != ".lock")


def answers(status: int, content: bytes, announced: int | None = None) -> Inject:
    """Return how the server answers so, and well at the next call."""

    def inject(stage: Stage) -> Ended:
        with serving() as server:
            server.answer(status, content, announced)
            done = plan(stage, server)
            assert files(stage) == []
            server.answer(200, GOOD)
            assert plan(stage, server).code == 0
        return done

    return inject


for _name, _fault, _says, _inject in (
    ("not_found", "the server answers 404", "HTTP status 404", answers(404, b"")),
    ("broken_server", "the server answers 503", "HTTP status 503", answers(503, b"wait")),
    (
        "html",
        "a login page in place of the archive",
        "does not have the sha256 .* was removed; try again",
        answers(200, b"<html>Welcome to our WiFi</html>"),
    ),
    (
        "changed",
        "an archive with one byte changed",
        "does not have the sha256 .* was removed; try again",
        answers(200, GOOD[:500] + b"\xff" + GOOD[501:]),
    ),
    (
        "cut_off",
        "the line is cut in the middle of the archive",
        r"could not be downloaded \(.*\); check the network, or give a folder",
        answers(200, GOOD[: len(GOOD) // 2], len(GOOD)),
    ),
):
    DOWNLOAD.add(
        _name,
        _fault,
        _MUST,
        code=2,
        sentence=f"cannot run: .*{_says}",
        inject=_inject,
    )


@DOWNLOAD.row(
    "no network",
    _MUST,
    code=2,
    sentence=r"cannot run: .* could not be downloaded \(ConnectionError\)",
)
def no_network(stage: Stage) -> Ended:
    with serving() as server:
        with socket.socket() as unused:  # bound, never listening
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/x.tar.gz"
            arguments = [*stage.select("ok"), "--dataset=cifar10"]
            variables = {**server.variables, "FAULTS_URL": url}
            done = stage.call("plan", *arguments, before=_SMALL, variables=variables)
        assert files(stage) == []
        assert plan(stage, server).code == 0
    return done


@DOWNLOAD.row(
    "two first-time downloads at once",
    "one downloads, the other waits for it; both go on",
    code=0,
    sentence="0 stored .*, 1 to train",
)
def two_at_once(stage: Stage) -> Ended:
    logs = [stage.log / name for name in ("first", "second")]
    for log in logs:
        log.mkdir()
    with serving() as server:
        ends = [ended(command) for command in [start(stage, server, log=log) for log in logs]]
        assert server.requests == 1
    assert [done.code for done in ends] == [0, 0]
    return ends[1]


@DOWNLOAD.row(
    "the line is cut at 40 random bytes, one call each",
    _MUST,
    code=2,
    sentence="cannot run: .* could not be downloaded",
)
def cut_at_random(stage: Stage) -> Ended:
    draw = random.Random(9)
    with serving() as server:
        for _ in range(40):
            server.answer(200, GOOD[: draw.randrange(len(GOOD))], len(GOOD))
            done = plan(stage, server)
            assert done.code == 2 and files(stage) == []
        server.answer(200, GOOD)
        assert plan(stage, server).code == 0
    return done


@DOWNLOAD.row(
    "SIGKILL in the middle of a download",
    "the next call downloads again, and what was left is gone",
    code=-9,
    sentence="1 to train",
)
def killed(stage: Stage) -> Ended:
    with serving() as server, socket.create_server(("127.0.0.1", 0)) as stalled:
        url = f"http://127.0.0.1:{stalled.getsockname()[1]}/x.tar.gz"
        command = stage.start(
            "plan",
            *(*stage.select("ok"), "--dataset=cifar10"),
            before=_SMALL,
            variables={**server.variables, "FAULTS_URL": url},
        )
        line, _ = stalled.accept()
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + bytes(4_000_000))
            os.kill(command.pid, signal.SIGKILL)
            killed = ended(command)
        again = plan(stage, server)
        assert again.code == 0
        assert [name for name in files(stage) if name.startswith("tmp")] == []
    return Ended(killed.code, again.text)
