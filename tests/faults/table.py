"""The table: every row, in the order of the page."""

from typing import Final

from tests.faults.children import CHILDREN
from tests.faults.data import CACHE, SOURCE
from tests.faults.download import DOWNLOAD
from tests.faults.interruption import INTERRUPTION, TWO
from tests.faults.load import LOAD
from tests.faults.machine import MACHINE
from tests.faults.power_cut import POWER_CUT
from tests.faults.store import STORE
from tests.faults.usage import ARGUMENTS, SUITE
from tests.faults.worker import WORKER

FAMILIES: Final = (
    *(WORKER, CHILDREN, MACHINE, STORE, INTERRUPTION, TWO),
    *(POWER_CUT, LOAD),
    *(CACHE, SOURCE, DOWNLOAD, SUITE, ARGUMENTS),
)
ROWS: Final = tuple(row for family in FAMILIES for row in family.rows)
