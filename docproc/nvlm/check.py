"""Whether a checkpoint is whole, told from its headers; loads nothing and knows no GPU."""

from dataclasses import dataclass
from pathlib import Path

from transformers import AutoConfig

from docproc.domain.errors import NotFoundError
from docproc.nvlm.checkpoint import CheckpointError
from docproc.nvlm.config import NvlmDConfig, stored_heads
from docproc.nvlm.headers import StoredCheckpoint, read_headers
from docproc.nvlm.sizing import Fit, NetworkSize, empty_network, fits, network_size, published_shapes

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointReport:
    """What is in a checkpoint, what is not, and what it takes to run it."""

    architecture: str
    stored: StoredCheckpoint
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    #: "NAME is (1, 2), not (3, 4)"
    misshapen: tuple[str, ...]
    size: NetworkSize
    fits: tuple[Fit, ...]

    @property
    def whole(self) -> bool:
        """Would it load, as far as headers can tell?"""
        return not (self.missing or self.unexpected or self.misshapen or self.stored.faults)


def check_checkpoint(folder: Path) -> CheckpointReport:
    """Read every header in `folder` and compare with the network that its config.json describes."""
    if not (folder / "config.json").is_file():
        raise NotFoundError(f"{folder} holds no config.json")
    try:
        config = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError) as exc:
        raise CheckpointError(f"{folder}/config.json cannot be read: {str(exc).splitlines()[0]}") from exc
    if not isinstance(config, NvlmDConfig):
        raise CheckpointError(f"{folder} holds a {config.model_type}; only NVLM can be checked")
    network, stored = empty_network(config), read_headers(folder)
    expected, size = published_shapes(network), network_size(network)
    found = {name: tensor.shape for name, tensor in stored.tensors.items()}
    return CheckpointReport(
        architecture=config.model_type,
        stored=stored,
        missing=tuple(sorted(expected.keys() - found.keys())),
        unexpected=tuple(sorted(found.keys() - expected.keys())),
        misshapen=tuple(_misshapen(found, expected, config)),
        size=size,
        fits=tuple(fits(size)),
    )


def _misshapen(found: Shapes, expected: Shapes, config: NvlmDConfig) -> list[str]:
    complaints = []
    for name in sorted(found.keys() & expected.keys()):
        allowed = {expected[name], _without_dummies(name, expected[name], config)}
        if found[name] not in allowed:
            complaints.append(f"{name} is {found[name]}, not {expected[name]}")
    return complaints


def _without_dummies(name: str, shape: tuple[int, ...], config: NvlmDConfig) -> tuple[int, ...]:
    """The shape of a tower's tensor that was stored without dummy heads, which loads as well."""
    tower = config.vision_config
    if ".attn." not in name:
        return shape
    padded = tower.hidden_size // tower.num_attention_heads * stored_heads(tower.num_attention_heads)
    real = {padded: tower.hidden_size, 3 * padded: 3 * tower.hidden_size}
    return tuple(real.get(side, side) for side in shape)
