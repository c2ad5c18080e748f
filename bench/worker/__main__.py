"""`python -m bench.worker JOB.json`: train one cell once and write what came out."""

import sys
from time import perf_counter

#: On Linux a reading of CLOCK_MONOTONIC, which the parent reads too; taken before anything of ours
#: is loaded.
ENTERED_AT = perf_counter()

if __name__ == "__main__":
    from bench.worker.entry import run

    sys.exit(run(sys.argv[1], ENTERED_AT))
