"""Words on a picture by RapidOCR, whose models lie in its wheel; runs in a child process only and knows no file."""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from docproc.domain.page import Word
from docproc.pages import ctc

_LINE_HEIGHT = 48
_MIN_WIDTH = 96
_MAX_WIDTH = 3200
_BATCH = 6
#: the recogniser makes one step of this many pixels
_PIXELS_PER_STEP = 8
_MIN_CONFIDENCE = 0.5


class OcrPage(NamedTuple):
    """Words in pixels of the picture after it was turned clockwise by `turn` degrees."""

    words: tuple[Word, ...]
    turn: int


class OcrEngine:
    """Detector and recogniser, one thread, loaded once a process."""

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)  # RapidOCR tells its settings and models at every start
        from omegaconf import OmegaConf  # noqa: PLC0415 half a second
        from rapidocr import RapidOCR  # noqa: PLC0415
        from rapidocr.ch_ppocr_det import TextDetector  # noqa: PLC0415
        from rapidocr.ch_ppocr_rec import TextRecognizer  # noqa: PLC0415

        options = {
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "critical",
        }
        settings = RapidOCR(params=options).cfg
        for part in (settings.Det, settings.Rec):
            OmegaConf.set_struct(part, False)  # noqa: FBT003
            part.engine_cfg = settings.EngineConfig[part.engine_type.value]
            part.model_root_dir = settings.Global.model_root_dir
            part.font_path = None
        self._detector = TextDetector(settings.Det)
        self._recogniser = TextRecognizer(settings.Rec)
        self._alphabet: Sequence[str] = self._recogniser.postprocess_op.character

    def read(self, picture: NDArray[np.uint8]) -> OcrPage:
        """`picture` is height x width x 3, RGB."""
        image = np.ascontiguousarray(picture[:, :, ::-1])
        boxes = self._detect(image)
        words: list[Word] = []
        for line, (box, pieces) in enumerate(zip(boxes, self._recognise(image, boxes), strict=True)):
            words.extend(_placed(piece, box, line) for piece in pieces)
        return OcrPage(tuple(words), 0)

    def _detect(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        found = self._detector(image)
        return [] if found.boxes is None else [np.asarray(box, np.float32) for box in found.boxes]

    def _recognise(self, image: NDArray[np.uint8], boxes: Sequence[NDArray[np.float32]]) -> list[list[ctc.LinePiece]]:
        strips = [_strip(image, box) for box in boxes]
        order = sorted(range(len(strips)), key=lambda index: strips[index].shape[1])
        read: list[list[ctc.LinePiece]] = [[] for _ in strips]
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            width = max(_MIN_WIDTH, *(strips[index].shape[1] for index in batch))
            inputs = np.zeros((len(batch), 3, _LINE_HEIGHT, width), np.float32)
            for row, index in enumerate(batch):
                inputs[row, :, :, : strips[index].shape[1]] = strips[index].transpose(2, 0, 1) / 127.5 - 1
            for row, index, answer in zip(range(len(batch)), batch, self._recogniser.session(inputs), strict=True):
                columns = answer.shape[0] * strips[index].shape[1] / width
                read[index] = ctc.decode(answer, self._alphabet, columns=columns)
        return read


def _strip(image: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The line cut out of the image, straight, 48 pixels high."""
    across = max(np.linalg.norm(box[0] - box[1]), np.linalg.norm(box[2] - box[3]))
    down = max(np.linalg.norm(box[0] - box[3]), np.linalg.norm(box[1] - box[2]))
    width = int(np.clip(round(_LINE_HEIGHT * across / max(down, 1)), 8, _MAX_WIDTH))
    corners = np.array([[0, 0], [width, 0], [width, _LINE_HEIGHT], [0, _LINE_HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(box, corners)
    return cv2.warpPerspective(image, matrix, (width, _LINE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _placed(piece: ctc.LinePiece, box: NDArray[np.float32], line: int) -> Word:
    """A piece of a line as a word: the box around its stretch of the line."""
    top_left, top_right, bottom_right, bottom_left = box
    corners = [
        start + (end - start) * share
        for start, end in ((top_left, top_right), (bottom_left, bottom_right))
        for share in (piece.start, piece.end)
    ]
    xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    return Word(piece.text, min(xs), min(ys), max(xs), max(ys), line, round(piece.confidence, 4))
