"""The processes in which this one opens documents."""

from pathlib import Path


def parsing_children() -> set[int]:
    """Of this process."""
    tasks = Path("/proc/self/task").iterdir()
    pids = [int(pid) for task in tasks for pid in _text(task / "children").split()]
    return {pid for pid in pids if "docproc.pages.child" in _text(Path(f"/proc/{pid}/cmdline"))}


def _text(file: Path) -> str:
    """Nothing, of what has ended meanwhile."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
