"""The table: every row, in the order of the page."""

from pathlib import Path
from typing import Final

from tests.faults.row import Row
from tests.faults.stage import Ended, Stage
from tests.faults.starter import Starter
from tests.faults.worker import WORKER

FAMILIES: Final = (WORKER,)
ROWS: Final = tuple(row for family in FAMILIES for row in family.rows)
