"""New pictures from a set of pictures by a plain convolutional network, without a critic and without a prior.

Convolution finds features, max pooling reduces them, a dense layer makes a short code of them; from there a dense layer and
convolutions draw the picture again. The network learns to give back what it was shown (an autoencoder; Hinton and Salakhutdinov 2006).
Then the codes of all pictures are looked at: their principal axes are the ways in which the pictures differ most, and new codes
drawn along these axes are new pictures.

Codes are kept short and a little noisy while training, so that what lies between two of them is a picture as well (a regularised
autoencoder; Ghosh et al. 2020).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
import torch
from msgspec import Meta
from torch import Tensor, nn

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.picture_batches import MOST_CLASSES, PictureSampler
from texgen_desktop.families import Family, Look, Region, RenderRequest, Seed, Slider, class_sliders, class_values
from texgen_desktop.imaging.naming import NamedDirection, are_distinct, name_directions, unmeasured
from texgen_desktop.imaging.properties import Picture
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.codes import CodeSpace, CodeStatistics
from texgen_desktop.nn.contact_sheet import Cells, cell_noise, contact_sheet
from texgen_desktop.nn.directions import steer
from texgen_desktop.nn.layers import frozen, placed, seeded, sizes_only
from texgen_desktop.nn.losses import laplacian_distance
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.picture_nets import Painter, PoolingReader
from texgen_desktop.nn.run_state import LossLog, RunState, check_finite, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

# Purposes of random streams within one training step.
_PICTURES, _NOISE = 0, 1


class ImageCnnConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Pictures to learn from", extra={"unit": "pictures"})] = 100_000
    batch: Annotated[int, Meta(ge=2, le=128, description="Pictures in one training step", extra={"unit": "pictures"})] = 16
    side: Annotated[Literal["32", "64", "128"], Meta(description="Side of a picture", extra={"unit": "px"})] = "64"
    width: Annotated[int, Meta(ge=4, le=128, description="Channels at half resolution")] = 32
    code: Annotated[int, Meta(ge=8, le=512, description="Numbers that describe a picture")] = 48
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.001
    mirror: Annotated[bool, Meta(description="Learn from mirrored pictures too, where those look as natural")] = False


PRESETS = {
    "draft": ImageCnnConfig(images=100_000, side="32"),
    "standard": ImageCnnConfig(),
    "high": ImageCnnConfig(images=500_000, width=48, code=96),
}

_DIRECTIONS = 8
_SHORT_CODES = 0.001  # weight of the mean square of the codes
_NOISY_CODES = 0.1  # deviation of what is added to them
_PART_MAC = 1.9e9  # multiply-adds that a slice may take
_PROOF_ROWS, _PROOF_COLUMNS = 3, 4


class CnnNetworks(nn.Module):
    """picture -> code -> picture."""

    def __init__(self, config: ImageCnnConfig) -> None:
        super().__init__()
        side = int(config.side)
        self.reader = PoolingReader(side, config.width, config.code)
        self.painter = Painter(config.code, 0, side, config.width)

    def paint(self, codes: Tensor) -> Tensor:
        """(B, code) -> (B, 3, S, S) in [-1, 1]."""
        made: Tensor = self.painter(codes, codes.new_zeros(len(codes), 0))
        return made

    def multiply_adds(self) -> int:
        return self.reader.multiply_adds() + self.painter.multiply_adds()


@dataclass(frozen=True)
class ImageCnn:
    """Trained weights with all that rendering needs. Never changed once it is made. The reader is of no use any more, and left out."""

    config: ImageCnnConfig
    classes: tuple[str, ...]
    painter: Painter
    space: CodeSpace
    named: tuple[NamedDirection, ...]
    device: torch.device

    @property
    def sliders(self) -> tuple[Slider, ...]:
        axes = [Slider(f"axis{n.direction + 1}", n.title, n.description) for n in self.named]
        return (*axes, *class_sliders(self.classes))

    @property
    def seeds(self) -> tuple[Seed, ...]:
        return ("layout",)

    @property
    def cell_px(self) -> int:
        return int(self.config.side)

    @property
    def level_count(self) -> int:
        return 1

    def header(self) -> dict[str, Any]:
        return {
            "config": msgspec.to_builtins(self.config),
            "classes": list(self.classes),
            "axes": [msgspec.to_builtins(n) for n in self.named],
        }

    def tensors(self) -> dict[str, Tensor]:
        parts = {"painter": self.painter, "space": self.space}
        found = {f"{part}.{name}": value for part, module in parts.items() for name, value in module.state_dict().items()}
        return portable(found)


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of ``ImageCnn.header``: a file from a stranger has to fit it."""

    config: ImageCnnConfig
    classes: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=MOST_CLASSES)]
    axes: Annotated[list[NamedDirection], Meta(max_length=_DIRECTIONS)]


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> ImageCnn:
    """The model of a header and tensors that came out of ``ImageCnn``. Raises msgspec.ValidationError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    if not are_distinct(told.axes, _DIRECTIONS):
        raise msgspec.ValidationError("unknown or repeated axes")
    # One module for both, so that a tensor which belongs to neither is noticed.
    both = nn.ModuleDict(
        {
            "painter": Painter(told.config.code, 0, int(told.config.side), told.config.width),
            "space": CodeSpace(told.config.code, len(told.classes), _DIRECTIONS),
        }
    )
    both.load_state_dict(dict(tensors), strict=True)
    painter, space = both["painter"], both["space"]
    assert isinstance(painter, Painter)
    assert isinstance(space, CodeSpace)
    return ImageCnn(told.config, tuple(told.classes), frozen(painter, device), space.to(device), tuple(told.axes), device)


@torch.inference_mode()
def render(model: ImageCnn, request: RenderRequest) -> Tensor:
    """The requested region of the contact sheet: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region, space = request.look, request.region, model.space
    kinds = class_values(look, space.classes)
    values = space.spreads.new_zeros(len(space.directions))
    for n in model.named:
        values[n.direction] = n.sign * look.value(f"axis{n.direction + 1}")

    def draw(cells: Cells) -> Tensor:
        noise = cell_noise(look.layout_seed, 0, model.config.code + space.classes, cells, request.cells).to(model.device)
        middle = space.middle(kinds)
        codes = middle + (space.draw(noise, kinds) - middle) * look.layout_strength
        codes = steer(codes, space.mean, space.directions, space.spreads, values)
        made: Tensor = model.painter(codes, codes.new_zeros(len(codes), 0))
        return ((made + 1) / 2).clamp(0, 1)

    return contact_sheet(region.y, region.x, region.height, region.width, model.cell_px, draw)


def prove(model: ImageCnn) -> Slices[ImageCnn]:
    """The model with those axes that have a name: what they were measured to change, see ``name_directions``."""
    side = model.cell_px
    region = Region(0, 0, _PROOF_ROWS * side, _PROOF_COLUMNS * side)
    untouched = replace(model, named=unmeasured(_DIRECTIONS))

    def draw(axis: int, position: float) -> Picture:
        look = Look().with_value(f"axis{axis + 1}", position)
        return render(untouched, RenderRequest(look, region)).permute(1, 2, 0).cpu().numpy()

    return replace(model, named=(yield from name_directions(unmeasured(_DIRECTIONS), side, draw)))


class Training:
    """A run: the network, its average, the optimiser, and where the codes lie. Implements ``families.Trainer``."""

    def __init__(self, config: ImageCnnConfig, sampler: PictureSampler, seed: int, device: torch.device) -> None:
        self._config, self._sampler, self._seed, self._device = config, sampler, seed, device
        self.images_seen = 0
        with seeded(seed):
            self._networks = placed(CnnNetworks(config), device)
        self._average = copy.deepcopy(self._networks).requires_grad_(False)
        self._optimizer = adam(self._networks, config.learning_rate, (0.9, 0.99))
        self._statistics = CodeStatistics(config.code, sampler.class_counts).to(device)
        self._at_once = max(1, int(_PART_MAC / (2 * self._networks.multiply_adds())))
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return -(-self._config.images // self._config.batch) * self._config.batch

    def step(self) -> Slices[None]:
        batch_size = self._config.batch
        self._optimizer.param_groups[0]["lr"] = self._config.learning_rate * cosine(self.images_seen / self.images_total, 0.03)
        batch = self._sampler.draw(stream(self._seed, self.images_seen, _PICTURES), batch_size)
        noise = torch.randn(batch_size, self._config.code, generator=stream(self._seed, self.images_seen, _NOISE)).to(self._device)
        yield None
        self._optimizer.zero_grad(set_to_none=True)
        codes = []
        for pictures, dice in zip(batch.pixels.split(self._at_once), noise.split(self._at_once), strict=True):
            code = self._networks.reader(pictures)
            yield None
            made = self._networks.paint(code + _NOISY_CODES * dice)
            distance = laplacian_distance(made, pictures)
            loss = len(pictures) / batch_size * (distance + _SHORT_CODES * code.square().mean())
            check_finite(loss, "the loss", self.images_seen)
            self._log.note("reconstruction", distance)
            yield None
            loss.backward()
            codes.append(code.detach())
            yield None
        self._optimizer.step()
        average_into(self._average, self._networks, self.images_seen // batch_size)
        self._statistics.note(torch.cat(codes), batch.labels, self.images_seen // batch_size)
        self.images_seen += batch_size

    def take_losses(self) -> dict[str, float]:
        return self._log.take()

    def start_from(self, model: ImageCnn) -> None:
        """The model has no encoder: that is learnt anew, for a decoder that is there."""
        for networks in (self._networks, self._average):
            take_over(networks.painter, model.painter.state_dict())

    def tune(self, config: ImageCnnConfig) -> None:
        self._config = config

    def model(self) -> ImageCnn:
        painter = frozen(copy.deepcopy(self._average.painter), self._device)
        space = CodeSpace.of(self._statistics, _DIRECTIONS)
        return ImageCnn(self._config, self._sampler.classes, painter, space, unmeasured(_DIRECTIONS), self._device)

    def _run_state(self) -> RunState:
        networks = {"networks": self._networks, "average": self._average, "statistics": self._statistics}
        return RunState(networks, {"adam": (self._optimizer, self._networks)})

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def cost_gflop(config: ImageCnnConfig) -> float:
    """Work of the whole schedule: forward and backward of the network, by the size of its layers."""
    with sizes_only():
        networks = CnnNetworks(config)
    return config.images * 2 * 3 * networks.multiply_adds() / 1e9


def start(config: ImageCnnConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices. Raises TexGenError where the pictures are too few or all the same."""
    sampler = yield from PictureSampler.prepared(photos, int(config.side), seed, device, mirror=config.mirror, hold_out=False)
    yield None
    return Training(config, sampler, seed, device)


FAMILY = Family(
    id="image_cnn",
    title="Image CNN",
    description="Learns what a set of pictures has in common, and draws new ones along the ways in which they differ most.",
    config=ImageCnnConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.38,
    crop_px=lambda config: int(config.side),
    makes="images",
)
