"""Notes who asked for what: changes, and looks at records and images. Never a field value."""

from docproc.api.wiring import Face
from docproc.services.key_records import ApiKey
from docproc.services.upkeep_records import Deed


def note(face: Face, key: ApiKey, action: str, subject: object) -> None:
    """`subject` names what it happened to."""
    face.desk.upkeep.audit.note(Deed(tenant=key.tenant, actor=key.actor, action=action, subject=str(subject)))
