"""How much transformers says while a command runs: nothing that the command does not say itself."""

from transformers.utils import logging


def be_quiet() -> None:
    """No warnings and no progress bars on the terminal; errors are raised all the same."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
