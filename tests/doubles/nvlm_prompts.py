"""Pages of noise and questions about them, as batches for a tiny NVLM."""

import numpy as np
from PIL import Image
from transformers import BatchFeature

from docproc.nvlm import NvlmProcessor


def noise_page(width: int, height: int, *, seed: int = 0) -> Image.Image:
    """A picture of noise: no two tiles are alike."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def ask(processor: NvlmProcessor, *questions: tuple[str, tuple[int, int] | None]) -> BatchFeature:
    """A batch of questions, each about a page of some size or about none."""
    conversations = [
        [
            {
                "role": "user",
                "content": [
                    *([{"type": "image", "image": noise_page(*size)}] if size else []),
                    {"type": "text", "text": text},
                ],
            }
        ]
        for text, size in questions
    ]
    batch: BatchFeature = processor.apply_chat_template(conversations, tokenize=True, add_generation_prompt=True)
    return batch
