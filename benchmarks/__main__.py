"""Run all benchmarks, one after the other, each in a process of its own.

Rates are printed as ratios to a yardstick measured in the same run (``yardstick.py``): the
machines are shared, absolute times say little.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Exit code: number of benchmarks that failed."""
    # linear algebra on one thread, as in the jobs of a study
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    failed = 0
    for path in sorted(HERE.glob("bench_*.py")):
        print(f"== {path.stem}", flush=True)
        failed += subprocess.run([sys.executable, str(path)], env=environment).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
