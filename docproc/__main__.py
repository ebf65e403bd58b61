"""`python -m docproc`: the command line without the console script."""

import sys
from pathlib import Path

# `python -m` puts the working folder first on the path, where a user's own `schemas/` would hide ours.
if sys.path and (sys.path[0] == "" or Path(sys.path[0]) == Path.cwd()):
    sys.path.append(sys.path.pop(0))

from docproc.cli.main import main

if __name__ == "__main__":
    main()
