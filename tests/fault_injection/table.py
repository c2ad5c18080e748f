"""The table: every row, in the order of the page."""

from typing import Final

from tests.fault_injection.children import CHILDREN
from tests.fault_injection.data import CACHE, SOURCE
from tests.fault_injection.download import DOWNLOAD
from tests.fault_injection.interruption import INTERRUPTION, TWO
from tests.fault_injection.load import LOAD
from tests.fault_injection.machine import MACHINE
from tests.fault_injection.power_cut import POWER_CUT
from tests.fault_injection.store import STORE
from tests.fault_injection.usage import ARGUMENTS, SUITE
from tests.fault_injection.worker import WORKER

FAMILIES: Final = (
    *(WORKER, CHILDREN, MACHINE, STORE, INTERRUPTION, TWO),
    *(POWER_CUT, LOAD),
    *(CACHE, SOURCE, DOWNLOAD, SUITE, ARGUMENTS),
)
ROWS: Final = tuple(row for family in FAMILIES for row in family.rows)
