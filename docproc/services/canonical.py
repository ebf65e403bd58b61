"""The one spelling of a value as JSON, for hashing; knows nothing of what is hashed."""

import json


def canonical(value: object) -> bytes:
    """Sorted keys, no spaces; what JSON does not know is spelled as text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode()
