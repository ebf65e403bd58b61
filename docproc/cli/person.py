"""Who sits at the command line, for the audit; knows no command."""

import getpass
import os
import socket


def person() -> str:
    """The user of the operating system and the machine."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that has no name
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"
