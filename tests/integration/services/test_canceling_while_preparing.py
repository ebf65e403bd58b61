"""A slot that prepares a slow page is free when its job is canceled, and does not read the page to its end."""

from pathlib import Path

import pytest
from doubles.canceling import cancel_while_recognising
from doubles.delivery import Depot, wrong_rows

pytestmark = pytest.mark.integration


def test_a_slot_that_recognises_a_page_is_freed_by_a_cancel(depot: Depot, tmp_path: Path) -> None:
    freed_after_s, children_left = cancel_while_recognising(depot, tmp_path)
    assert children_left == 0, "the child is ended at its page"
    assert freed_after_s < 10
    assert wrong_rows(depot) == []
