"""Notes in the audit what somebody did at the command line; knows no command."""

from typing import TYPE_CHECKING

from docproc.cli.person import person

if TYPE_CHECKING:
    from docproc.bootstrap import Desk


def note(desk: "Desk", action: str, subject: object, *, tenant: str) -> None:
    """It has happened; `subject` names what it happened to, and is never a field value."""
    from docproc.services.upkeep_records import Deed

    desk.upkeep.audit.note(Deed(tenant=tenant, actor=person(), action=action, subject=str(subject)))
