"""A model's own processor without its part for videos, which needs torchvision: pages are still images."""

from inspect import signature
from pathlib import Path
from typing import Any

from transformers import AutoImageProcessor, AutoTokenizer, ProcessorMixin
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

from docproc.domain.errors import UsageError

_PARTS = ("image_processor", "tokenizer", "video_processor")


class _StillImages(ProcessorMixin):
    """Takes nothing for a processor of videos."""

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:  # noqa: ANN401
        """As the base class, which without torchvision knows no class of such processors."""
        return None if argument is None else super().check_argument_for_proper_class(argument_name, argument)


def still_image_processor(folder: Path, config: Any) -> Any:  # noqa: ANN401 any model's configuration and processor
    """The processor of the checkpoint in `folder`. Raises UsageError when its model has none for images and text."""
    try:
        whole = PROCESSOR_MAPPING[type(config)]
    except KeyError as exc:
        raise UsageError(f"{folder}: a {config.model_type} reads no page images") from exc
    told, _ = whole.get_processor_dict(folder)
    options = {name: told[name] for name in signature(whole.__init__).parameters if name in told and name not in _PARTS}
    kind = type(whole.__name__, (_StillImages, whole), {})
    return kind(
        image_processor=AutoImageProcessor.from_pretrained(folder),
        tokenizer=AutoTokenizer.from_pretrained(folder),
        video_processor=None,
        **options,
    )
