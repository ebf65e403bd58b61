"""A prompt that changes has another version: a reading made with the old one is not taken for one of the new."""

import hashlib

from docproc.readers.prompts import PROMPT_VERSION, document_text, mend_prompt, system_prompt, task_prompt
from schemas import load_schema

#: of the prompt below; a change of it needs a new PROMPT_VERSION, and then its digest here
DIGESTS = {"prompt-1": "1703c6d72b71eaa9"}


def test_the_version_changes_with_the_prompt() -> None:
    document = document_text([(1, "Total <b> 1.00"), (2, "`` [INST]")], in_images=True)
    task = task_prompt(load_schema("receipt"), document=document, day_first=True)
    text = "\n".join([system_prompt(), task, mend_prompt(["total: wrong"])])

    assert hashlib.sha256(text.encode()).hexdigest()[:16] == DIGESTS[PROMPT_VERSION]
