"""Whether a checkpoint is whole, told from its headers; loads nothing and knows no GPU."""

from dataclasses import dataclass
from pathlib import Path

from docproc.domain.errors import NotFoundError
from docproc.nvlm.checkpoint import CheckpointError
from docproc.nvlm.config import NvlmDConfig, stored_heads
from docproc.nvlm.cross import NvlmHConfig, NvlmXConfig
from docproc.nvlm.headers import CheckpointFiles, FolderFiles, StoredCheckpoint, read_headers, read_object
from docproc.nvlm.sizing import Fit, NetworkSize, empty_network, fits, network_size, published_shapes

CONFIG_NAME = "config.json"
_FAMILY = {kind.model_type: kind for kind in (NvlmDConfig, NvlmXConfig, NvlmHConfig)}

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
    return check_files(FolderFiles(folder))


def check_files(files: CheckpointFiles) -> CheckpointReport:
    """As `check_checkpoint`, wherever the files are."""
    config = _read_config(files)
    network, stored = empty_network(config), read_headers(files)
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


def _read_config(files: CheckpointFiles) -> NvlmDConfig:
    published = read_object(files, CONFIG_NAME)
    if published is None:
        raise NotFoundError(f"{files.place} holds no {CONFIG_NAME}")
    kind = published.get("model_type")
    if kind not in _FAMILY:
        raise CheckpointError(f"{files.place} holds a {kind or 'network without a name'}; only NVLM can be checked")
    if "llm_config" not in published:
        raise CheckpointError(f"{files.place}/{CONFIG_NAME} has no llm_config")
    config: NvlmDConfig = _FAMILY[kind].from_dict(published)
    return config


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
