"""`python -m tests.faults [--slow]`: inject every fault, and write docs/faults.md."""

import sys

from tests.faults.page import write_page
from tests.faults.table import ROWS

if __name__ == "__main__":
    print(write_page(ROWS, slow="--slow" in sys.argv[1:]))
