"""`python -m tests.fault_injection [--slow]`: inject every fault, and write docs/faults.md."""

import sys

from tests.fault_injection.page import write_page
from tests.fault_injection.table import ROWS

if __name__ == "__main__":
    print(write_page(ROWS, slow="--slow" in sys.argv[1:]))
