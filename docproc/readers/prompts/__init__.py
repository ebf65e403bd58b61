"""Prompts for models: versioned templates that state the task, and a fence around what the document says."""

from docproc.readers.prompts.fence import fenced, harmless
from docproc.readers.prompts.task import PROMPT_VERSION, document_text, mend_prompt, system_prompt, task_prompt
from docproc.readers.prompts.transcript import page_text

__all__ = [
    "PROMPT_VERSION",
    "document_text",
    "fenced",
    "harmless",
    "mend_prompt",
    "page_text",
    "system_prompt",
    "task_prompt",
]
