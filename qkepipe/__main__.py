"""``python -m qkepipe``: the command line."""

import sys

from qkepipe.cli import main

if __name__ == "__main__":
    sys.exit(main())
