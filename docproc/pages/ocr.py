"""Words on a picture by RapidOCR, whose models lie in its wheel; runs in a child process only and knows no file."""

import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from docproc.domain.page import Word
from docproc.pages import ctc, layout
from docproc.pages.ink import grey, ink_bounds

Picture: TypeAlias = NDArray[np.uint8]
#: four corners of a line, clockwise from its top left
Quad: TypeAlias = NDArray[np.float32]

_LINE_HEIGHT = 48
_MIN_WIDTH = 96
_MAX_WIDTH = 3200
#: the detector's picture has at most so many pixels: more cost time and lose single words on empty paper
_DETECT_PIXELS = 1_500_000
_RETRY_SCALE = 0.6
_MIN_CONFIDENCE = 0.3
#: paper around the ink that the detector sees
_MARGIN_PX = 64

#: lines that are read first, to tell whether the page stands on its head
_SAMPLE = 4
#: print that stands on its head is read with less confidence than this
_SURE = 0.86
#: a line this many times as high as wide runs up or down the picture
_STANDING = 1.5


class OcrPage(NamedTuple):
    """Words in pixels of the picture after it was turned clockwise by `turn` degrees, in reading order."""

    words: tuple[Word, ...]
    turn: int


class OcrEngine:
    """Detector and recogniser, one thread, loaded once a process."""

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)  # RapidOCR tells its settings and models at every start
        from omegaconf import OmegaConf  # noqa: PLC0415 half a second with the next three
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
            OmegaConf.set_struct(part, value=False)
            part.engine_cfg = settings.EngineConfig[part.engine_type.value]
            part.model_root_dir = settings.Global.model_root_dir
            part.font_path = None
        cv2.setNumThreads(1)
        self._detector: Any = TextDetector(settings.Det)
        self._recogniser: Any = TextRecognizer(settings.Rec)
        self._alphabet: Sequence[str] = self._recogniser.postprocess_op.character

    def read(self, picture: Picture) -> OcrPage:
        """`picture` is height x width x 3, RGB."""
        image = np.ascontiguousarray(picture[:, :, ::-1])  # the models were trained on BGR
        turn, lines = 0, self._detect(image)
        if _mostly_standing(lines):
            turn, image = 90, _quarter_turns(image, 1)
            lines = self._detect(image)
        if self._is_upside_down(image, lines):
            turn, image = turn + 180, _quarter_turns(image, 2)
            lines = [_upside_down(line, image) for line in lines]
        read = ctc.without_dirt(self._recognise(image, lines))
        words = [
            _placed(piece, line, index)
            for index, (line, pieces) in enumerate(zip(lines, read, strict=True))
            for piece in pieces
            if piece.confidence >= _MIN_CONFIDENCE
        ]
        return OcrPage(layout.in_reading_order(words), turn)

    def _detect(self, image: Picture) -> list[Quad]:
        """Lines of text; only the part of the picture that holds ink is looked at."""
        left, top, right, bottom = ink_bounds(grey(image), margin=_MARGIN_PX)
        inked = image[top:bottom, left:right]
        scale = min(1.0, math.sqrt(_DETECT_PIXELS / (inked.shape[0] * inked.shape[1])))
        lines = self._detect_at(inked, scale) or self._detect_at(inked, scale * _RETRY_SCALE)
        return [line + np.array([left, top], np.float32) for line in lines]

    def _detect_at(self, image: Picture, scale: float) -> list[Quad]:
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        smaller = image if scale == 1 else cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        found = self._detector(np.ascontiguousarray(smaller)).boxes
        return [] if found is None else [np.asarray(line, np.float32) / scale for line in found]

    def _is_upside_down(self, image: Picture, lines: Sequence[Quad]) -> bool:
        """Whether a few of the longer lines read better from the other side."""
        by_length = sorted(lines, key=lambda line: -_size(line)[0])
        sample = by_length[len(lines) // 4 :][:_SAMPLE]
        upright = _confidence(self._recognise(image, sample))
        if upright >= _SURE:
            return False
        return _confidence(self._recognise(image, [np.roll(line, 2, axis=0) for line in sample])) > upright

    def _recognise(self, image: Picture, lines: Sequence[Quad]) -> list[list[ctc.LinePiece]]:
        return [self._recognise_line(_strip(image, line)) for line in lines]

    def _recognise_line(self, strip: Picture) -> list[ctc.LinePiece]:
        # One by one: on one thread a batch gains nothing, and its shorter lines cost as much as its longest.
        length = strip.shape[1]
        inputs = np.zeros((1, 3, _LINE_HEIGHT, max(_MIN_WIDTH, length)), np.float32)
        inputs[0, :, :, :length] = strip.transpose(2, 0, 1) / 127.5 - 1
        (answer,) = self._recogniser.session(inputs)
        return ctc.decode(answer, self._alphabet, columns=answer.shape[0] * length / inputs.shape[3])


def _size(line: Quad) -> tuple[float, float]:
    """Length along the line and height of it."""
    across = max(np.linalg.norm(line[0] - line[1]), np.linalg.norm(line[2] - line[3]))
    down = max(np.linalg.norm(line[0] - line[3]), np.linalg.norm(line[1] - line[2]))
    return float(across), float(down)


def _mostly_standing(lines: Sequence[Quad]) -> bool:
    """Whether more print runs up and down the picture than across it."""
    sizes = [_size(line) for line in lines]
    standing = sum(down for across, down in sizes if down > _STANDING * across)
    lying = sum(across for across, down in sizes if across > _STANDING * down)
    return standing > lying


def _quarter_turns(image: Picture, count: int) -> Picture:
    """Clockwise."""
    return np.ascontiguousarray(np.rot90(image, k=-count))


def _upside_down(line: Quad, image: Picture) -> Quad:
    """The line after its picture was turned by 180 degrees."""
    height, width = image.shape[:2]
    return np.roll(np.array([width, height], np.float32) - line, 2, axis=0)


def _confidence(read: Sequence[Sequence[ctc.LinePiece]]) -> float:
    """How surely these lines were read, weighted by length."""
    weights = [(piece.confidence, len(piece.text)) for pieces in read for piece in pieces]
    letters = sum(count for _, count in weights)
    return sum(confidence * count for confidence, count in weights) / letters if letters else 0.0


def _strip(image: Picture, line: Quad) -> Picture:
    """The line cut out of the image, straight, 48 pixels high."""
    across, down = _size(line)
    width = int(np.clip(round(_LINE_HEIGHT * across / max(down, 1)), 8, _MAX_WIDTH))
    corners = np.array([[0, 0], [width, 0], [width, _LINE_HEIGHT], [0, _LINE_HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(line, corners)
    size = (width, _LINE_HEIGHT)
    strip = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(strip, np.uint8)


def _placed(piece: ctc.LinePiece, line: Quad, number: int) -> Word:
    """A piece of a line as a word: the box around its stretch of the line."""
    top_left, top_right, bottom_right, bottom_left = line
    corners = [
        start + (end - start) * share
        for start, end in ((top_left, top_right), (bottom_left, bottom_right))
        for share in (piece.start, piece.end)
    ]
    xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    return Word(piece.text, min(xs), min(ys), max(xs), max(ys), number, round(piece.confidence, 4))
