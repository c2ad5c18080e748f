"""Run reproductions one after the other in one process, on one CPU: `python run_all.py SCRIPT …`.

Each script runs as its own `__main__`; what is saved is the import of Keras for each. One CPU,
because sums over several threads round differently from run to run.
"""

import contextlib
import io
import json
import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    found = {}
    for script in sys.argv[1:]:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            runpy.run_path(script, run_name="__main__")
        found[Path(script).stem] = json.loads(printed.getvalue().splitlines()[-1])
    print(json.dumps(found))
