"""Processes of the real command line, whole or from a warm start.

Seconds of each `python -m bench` go into imports, calibration and drawing. A warm start is a fork
that has the imports behind it, calibrates with little work and draws nothing; all else is the same
code. A whole one is `python -m bench` itself.
"""

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from bench.core.paths import CHECKOUT
from tests.fault_injection.command import Order, become
from tests.fixtures.light_bench import leave_out_the_heavy
from tests.fixtures.processes import patient

#: A command that is not over after so long hangs, however busy the machine.
_MOST_SECONDS = 240.0


class Command:
    """A command that runs, with its process id; its output goes to two files."""

    def __init__(self, wire: socket.socket, out: Path, err: Path) -> None:
        self._wire = wire
        self._out, self._err = out, err
        self.pid = int(self._receive())

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def runs(self) -> bool:
        """Whether the process has not ended."""
        return not select.select([self._wire], [], [], 0)[0]

    def fileno(self) -> int:
        """Return what can be read when the process has ended."""
        return self._wire.fileno()

    @property
    def out(self) -> str:
        """What it has written to its standard output so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it has written to its error stream so far."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        with self._wire:
            return int(self._receive())

    def _receive(self) -> bytes:
        self._wire.settimeout(patient(_MOST_SECONDS))
        try:
            return self._wire.recv(64)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"It hangs:\n{self.out}\n{self.err}") from None


class Starter:
    """The process that is forked for every command; `whole` ones then start from the beginning."""

    def __init__(self, *, whole: bool = False) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.fault_injection.starter",
                    str(theirs.fileno()),
                    *(["whole"] if whole else []),
                ],
                cwd=CHECKOUT,
                # One thread, as a process that is forked should have.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(CHECKOUT)},
                pass_fds=[theirs.fileno()],
            )

    def start(self, order: Order, folder: Path, output: int | None = None) -> Command:
        """Start the command; `folder` gets its output, or `output` its standard output."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out, err = folder / "out.txt", folder / "err.txt"
        with theirs, out.open("wb") as out_file, err.open("wb") as err_file:
            first = out_file.fileno() if output is None else output
            message = json.dumps(order.facts()).encode()
            descriptors = [theirs.fileno(), first, err_file.fileno()]
            socket.send_fds(self._requests, [message], descriptors)
        return Command(ours, out, err)

    def close(self) -> None:
        """End the process."""
        self._requests.close()
        self._process.wait()


def serve(requests: socket.socket) -> Order:
    """Return in each forked process what it is to be; the server never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, *_ = socket.recv_fds(requests, 65_536, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            facts = json.loads(message)
            order = Order(**{**facts, "arguments": tuple(facts["arguments"])})
            _keep(descriptors[0])
            become(order, *descriptors[1:])
            return order
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(wire: int) -> None:
    """Fork, return in the child, and stay behind to tell its id and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        return
    with socket.socket(fileno=wire) as told:
        told.send(str(pid).encode())
        told.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def call_before(order: Order) -> None:
    """Call the function that `order` names."""
    if order.before:
        module, _, name = order.before.partition(":")
        getattr(importlib.import_module(module), name)()


def begin_anew(order: Order) -> None:
    """Become the Python of `order`, from its first line."""
    command = ["-m", order.program]
    if order.before:
        module, _, name = order.before.partition(":")
        command = ["-c", _BEFORE.format(module=module, name=name)]
    os.execv(sys.executable, [sys.executable, *command, *order.words])


_BEFORE = """
import sys
from {module} import {name}
{name}()
from bench.cli.main import main
sys.exit(main())
"""


if __name__ == "__main__":
    wanted = socket.socket(fileno=int(sys.argv[1]))
    if sys.argv[2:] == ["whole"]:
        begin_anew(serve(wanted))
    from bench.cli.main import main
    from validation.overhead.__main__ import overhead_main

    leave_out_the_heavy({"GEMM_SIZE": 8, "COPY_BYTES": 1024, "REPETITIONS": 1})
    wish = serve(wanted)
    call_before(wish)
    sys.exit((main if wish.program == "bench" else overhead_main)(wish.words))
