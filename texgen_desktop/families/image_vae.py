"""New pictures from a set of pictures by a beta-VAE, which also reads pictures: one's own can be varied.

An encoder gives z = enc(x), a decoder x' = dec(z), and both maximise E[log p(x given z)] - beta * KL(q(z given x), p(z)) (Kingma and
Welling 2014; with beta, Higgins et al. 2017), q(z given x) a Gaussian whose mean and variance the encoder tells, p(z) the standard one.

p(x given z) is a Gaussian around the decoder's picture with the variance that fits the data best, so that beta 1 means the same for
every set of pictures (optimal sigma, Rybkin et al. 2021). Larger beta: simpler codes, smoother pictures; smaller: sharper
reconstructions. It may be changed while a run trains.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
import torch
from msgspec import Meta
from torch import Tensor, nn

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.picture_batches import MOST_CLASSES, PictureSampler
from texgen_desktop.data.pictures import PictureSet
from texgen_desktop.families import Family, Look, Region, RenderRequest, Seed, Slider, class_sliders, class_values
from texgen_desktop.imaging.naming import NamedDirection, are_distinct, direction_id, name_directions, unmeasured
from texgen_desktop.imaging.properties import Picture
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.codes import CodeSpace, CodeStatistics, slerp
from texgen_desktop.nn.contact_sheet import Cells, cell_noise, contact_sheet
from texgen_desktop.nn.directions import steer
from texgen_desktop.nn.layers import frozen, placed, seeded, sizes_only
from texgen_desktop.nn.likelihood import gaussian_kl
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.picture_nets import Painter, Reader
from texgen_desktop.nn.run_state import LossLog, RunState, check_finite, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

# Purposes of random streams within one training step.
_PICTURES, _NOISE = 0, 1


class ImageVaeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Pictures to learn from", extra={"unit": "pictures"})] = 100_000
    batch: Annotated[int, Meta(ge=2, le=128, description="Pictures in one training step", extra={"unit": "pictures"})] = 16
    side: Annotated[Literal["32", "64", "128"], Meta(description="Side of a picture", extra={"unit": "px"})] = "64"
    width: Annotated[int, Meta(ge=4, le=128, description="Channels at half resolution")] = 32
    code: Annotated[int, Meta(ge=8, le=512, description="Numbers that describe a picture")] = 64
    beta: Annotated[
        float, Meta(ge=0, le=100, description="Pull towards simple codes: less is sharper, more is smoother", extra={"live": True})
    ] = 1.0
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.001
    mirror: Annotated[bool, Meta(description="Learn from mirrored pictures too, where those look as natural")] = False


PRESETS = {
    "draft": ImageVaeConfig(images=100_000, side="32"),
    "standard": ImageVaeConfig(),
    "high": ImageVaeConfig(images=500_000, width=48, code=128),
}

_DIRECTIONS = 7
_EXAMPLES = 16  # codes of training pictures in the model
_WARM_UP = 0.2  # share of the run in which the pull of the prior grows to its full strength
_LEAST_VARIANCE = 1e-4  # of p(x given z), pictures in [-1, 1]: about one step of 8 bits
_CLOSE = 0.4  # how far on the way from a photo that was read to any other picture its variants lie
_PART_MAC = 1.9e9  # multiply-adds that a slice may take
_PROOF_ROWS, _PROOF_COLUMNS = 3, 4
_RECONSTRUCTION = Slider(
    "reconstruction", "Reconstruction", "To the right, every other column turns into training pictures as the network gives them back."
)


class VaeNetworks(nn.Module):
    """z = enc(x) and x' = dec(z)."""

    def __init__(self, config: ImageVaeConfig) -> None:
        super().__init__()
        side = int(config.side)
        self.encoder = Reader(side, config.width, 0, 2 * config.code)
        self.decoder = Painter(config.code, 0, side, config.width)
        with torch.no_grad():  # the first codes have a variance near 1 whatever the picture, and the decoder something to learn from
            self.encoder.leave.weight[config.code :].mul_(0.1)

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, S, S) in [-1, 1] -> mean and log variance of q(z given x), both (B, code)."""
        mean, log_variance = self.encoder(pictures, pictures.new_zeros(len(pictures), 0)).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)

    def decode(self, codes: Tensor) -> Tensor:
        """(B, code) -> (B, 3, S, S) in [-1, 1]."""
        made: Tensor = self.decoder(codes, codes.new_zeros(len(codes), 0))
        return made

    def multiply_adds(self) -> int:
        return self.encoder.multiply_adds() + self.decoder.multiply_adds()


@dataclass(frozen=True)
class ImageVae:
    """Trained weights with all that rendering needs. Never changed once it is made."""

    config: ImageVaeConfig
    classes: tuple[str, ...]
    networks: VaeNetworks
    space: CodeSpace
    examples: Tensor  # (n, code)
    named: tuple[NamedDirection, ...]
    device: torch.device

    photo: Tensor | None = None
    """The code (code,) of a photo that was read: then the sheet shows it in its first cell, and variants of it in all others."""

    @property
    def sliders(self) -> tuple[Slider, ...]:
        directions = [Slider(direction_id(n.direction), n.title, n.description) for n in self.named]
        return (*directions, _RECONSTRUCTION, *class_sliders(self.classes))

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
            "directions": [msgspec.to_builtins(n) for n in self.named],
            "examples": len(self.examples),
            "has_photo": self.photo is not None,
        }

    def tensors(self) -> dict[str, Tensor]:
        found = {f"networks.{name}": value for name, value in self.networks.state_dict().items()}
        found |= {f"space.{name}": value for name, value in self.space.state_dict().items()} | {"examples": self.examples}
        if self.photo is not None:
            found["photo"] = self.photo
        return portable(found)


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of ``ImageVae.header``: a file from a stranger has to fit it."""

    config: ImageVaeConfig
    classes: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=MOST_CLASSES)]
    directions: Annotated[list[NamedDirection], Meta(max_length=_DIRECTIONS)]
    examples: Annotated[int, Meta(ge=1, le=_EXAMPLES)]
    has_photo: bool


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> ImageVae:
    """The model of a header and tensors that came out of ``ImageVae``. Raises msgspec.ValidationError, KeyError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    if not are_distinct(told.directions, _DIRECTIONS):
        raise msgspec.ValidationError("unknown or repeated directions")
    networks, space = VaeNetworks(told.config), CodeSpace(told.config.code, len(told.classes), _DIRECTIONS)
    weights = dict(tensors)
    examples, photo = weights.pop("examples"), weights.pop("photo") if told.has_photo else None
    if examples.shape != (told.examples, told.config.code) or (photo is not None and photo.shape != (told.config.code,)):
        raise RuntimeError("the codes do not fit the networks")
    for prefix, module in (("networks.", networks), ("space.", space)):
        own = {name: weights.pop(name) for name in list(weights) if name.startswith(prefix)}
        module.load_state_dict({name.removeprefix(prefix): value for name, value in own.items()}, strict=True)
    if weights:
        raise RuntimeError("there are tensors that belong to nothing")
    named, classes = tuple(told.directions), tuple(told.classes)
    photo = None if photo is None else photo.to(device)
    return ImageVae(told.config, classes, frozen(networks, device), space.to(device), examples.to(device), named, device, photo)


@torch.inference_mode()
def render(model: ImageVae, request: RenderRequest) -> Tensor:
    """The requested region of the contact sheet: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region

    def draw(cells: Cells) -> Tensor:
        return ((model.networks.decode(_codes(model, look, cells, request.cells)) + 1) / 2).clamp(0, 1)

    return contact_sheet(region.y, region.x, region.height, region.width, model.cell_px, draw)


def _codes(model: ImageVae, look: Look, cells: Cells, periods: tuple[int | None, int | None]) -> Tensor:
    """The code of every cell: (rows * columns, code)."""
    space = model.space
    noise = cell_noise(look.layout_seed, 0, model.config.code + space.classes, cells, periods).to(model.device)
    kinds = class_values(look, space.classes)
    middle = space.middle(kinds)
    codes = space.draw(noise, kinds)
    rows, columns = _places(cells, periods)
    if model.photo is None:
        codes = middle + (codes - middle) * look.layout_strength
    else:
        share = torch.where((rows == 0) & (columns == 0), 0.0, min(1.0, _CLOSE * look.layout_strength)).to(codes)[:, None]
        codes = space.mean + slerp((model.photo - space.mean).expand_as(codes), codes - space.mean, share)
    shown = look.value(_RECONSTRUCTION.id)
    if shown:
        # To the left every column takes part, to the right every other one, beside samples.
        takes_part = columns % 2 == 1 if shown > 0 else torch.ones_like(columns, dtype=torch.bool)
        numbers = (rows * 7 + (columns // 2 if shown > 0 else columns)) % len(model.examples)
        share = torch.where(takes_part, abs(shown), 0.0).to(codes)[:, None]
        codes = space.mean + slerp(codes - space.mean, model.examples[numbers.to(model.device)] - space.mean, share)
    values = codes.new_zeros(len(space.directions))
    for n in model.named:
        values[n.direction] = n.sign * look.value(direction_id(n.direction))
    return steer(codes, space.mean, space.directions, space.spreads, values)


def _places(cells: Cells, periods: tuple[int | None, int | None]) -> tuple[Tensor, Tensor]:
    """Row and column of each cell, modulo the torus."""
    top, left, height, width = cells
    rows = torch.tensor([(top + k) % periods[0] if periods[0] else top + k for k in range(height)])
    columns = torch.tensor([(left + k) % periods[1] if periods[1] else left + k for k in range(width)])
    return rows.repeat_interleave(width), columns.repeat(height)


def prove(model: ImageVae) -> Slices[ImageVae]:
    """The model with those directions that have a name: what they were measured to change, see ``name_directions``."""
    side = model.cell_px
    region = Region(0, 0, _PROOF_ROWS * side, _PROOF_COLUMNS * side)
    untouched = replace(model, named=unmeasured(_DIRECTIONS), photo=None)

    def draw(direction: int, position: float) -> Picture:
        look = Look().with_value(direction_id(direction), position)
        return render(untouched, RenderRequest(look, region)).permute(1, 2, 0).cpu().numpy()

    return replace(model, named=(yield from name_directions(unmeasured(_DIRECTIONS), side, draw)))


@torch.no_grad()
def encode(model: ImageVae, photo: Photo) -> Slices[ImageVae]:
    """The model with the code of this photo's middle square in its first cell, and variants of it in all others."""
    pictures = yield from PictureSet.prepared([photo], int(model.config.side))
    mean, _ = model.networks.encode(pictures.batch([0]).to(model.device))
    return replace(model, photo=mean[0])


def pull(config: ImageVaeConfig, progress: float) -> float:
    """The beta of a step by the share of the run that is done. It grows: pulled from the first step on, codes soon say nothing at all
    (Bowman et al. 2016)."""
    return config.beta * min(1.0, progress / _WARM_UP)


class Training:
    """A run: both networks, their average, the optimiser, and where the codes lie. Implements ``families.Trainer``."""

    def __init__(self, config: ImageVaeConfig, sampler: PictureSampler, seed: int, device: torch.device) -> None:
        self._config, self._sampler, self._seed, self._device = config, sampler, seed, device
        self.images_seen = 0
        with seeded(seed):
            self._networks = VaeNetworks(config)
        self._average = frozen(copy.deepcopy(self._networks), device)
        placed(self._networks, device)
        self._optimizer = adam(self._networks, config.learning_rate, (0.9, 0.99))
        self._statistics = CodeStatistics(config.code, sampler.class_counts).to(device)
        self._variance = torch.full((), 0.3, device=device)  # of p(x given z): a running mean of the squared error
        self._at_once = max(1, int(_PART_MAC / (2 * self._networks.multiply_adds())))
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return -(-self._config.images // self._config.batch) * self._config.batch

    def step(self) -> Slices[None]:
        config, progress = self._config, self.images_seen / self.images_total
        self._optimizer.param_groups[0]["lr"] = config.learning_rate * cosine(progress, 0.03)
        beta = pull(config, progress)
        batch = self._sampler.draw(stream(self._seed, self.images_seen, _PICTURES), config.batch)
        noise = torch.randn(config.batch, config.code, generator=stream(self._seed, self.images_seen, _NOISE)).to(self._device)
        yield None
        self._optimizer.zero_grad(set_to_none=True)
        codes, errors = [], []
        for first in range(0, config.batch, self._at_once):
            pictures, dice = batch.pixels[first : first + self._at_once], noise[first : first + self._at_once]
            mean, log_variance = self._networks.encode(pictures)
            code = mean + (0.5 * log_variance).exp() * dice  # z ~ q(z given x), so that gradients pass (Kingma and Welling 2014)
            yield None
            squared = (self._networks.decode(code) - pictures).square().mean((1, 2, 3))
            # -log p(x given z) = values / 2 * (squared error / sigma^2 + log sigma^2) up to a constant. With sigma^2 the mean error, its
            # gradient is that of values / 2 * log(squared error): that of the best sigma (Rybkin et al. 2021, eq. 5).
            values = pictures[0].numel()
            unlikely = values / 2 * squared / self._variance
            kl = gaussian_kl(mean, log_variance).sum(1)
            loss = (unlikely + beta * kl).sum() / config.batch
            self._note(squared.mean(), kl.mean(), loss)
            yield None
            loss.div(values).backward()  # per value: else the step size would depend on the size of the pictures
            codes.append(code.detach())
            errors.append(squared.detach())
            yield None
        self._optimizer.step()
        steps_done = self.images_seen // config.batch
        average_into(self._average, self._networks, steps_done)
        self._statistics.note(torch.cat(codes), batch.labels, steps_done)
        self._variance.lerp_(torch.cat(errors).mean(), max(0.02, 1 / (steps_done + 2))).clamp_(min=_LEAST_VARIANCE)
        self.images_seen += config.batch

    def _note(self, squared: Tensor, kl: Tensor, loss: Tensor) -> None:
        """Raises NonFiniteLoss before a broken step reaches the weights."""
        check_finite(loss, "the loss", self.images_seen)
        self._log.note("reconstruction error, levels of 256", squared.detach().sqrt() * 127.5)
        self._log.note("information kept, bits", kl / math.log(2))

    def take_losses(self) -> dict[str, float]:
        return self._log.take()

    def start_from(self, model: ImageVae) -> None:
        for networks in (self._networks, self._average):
            take_over(networks, model.networks.state_dict())

    def tune(self, config: ImageVaeConfig) -> None:
        self._config = config

    @torch.no_grad()
    def model(self) -> ImageVae:
        networks = frozen(copy.deepcopy(self._average), self._device)
        examples, _ = networks.encode(self._sampler.first(_EXAMPLES).pixels)
        space = CodeSpace.of(self._statistics, _DIRECTIONS)
        return ImageVae(self._config, self._sampler.classes, networks, space, examples, unmeasured(_DIRECTIONS), self._device)

    def _run_state(self) -> RunState:
        networks = {"networks": self._networks, "average": self._average, "statistics": self._statistics}
        return RunState(networks, {"adam": (self._optimizer, self._networks)}, {"variance": self._variance})

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def cost_gflop(config: ImageVaeConfig) -> float:
    """Work of the whole schedule: forward and backward of both networks, by the size of their layers."""
    with sizes_only():
        networks = VaeNetworks(config)
    return config.images * 2 * 3 * networks.multiply_adds() / 1e9


def start(config: ImageVaeConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices. Raises TexGenError where the pictures are too few or all the same."""
    sampler = yield from PictureSampler.prepared(photos, int(config.side), seed, device, mirror=config.mirror, hold_out=False)
    yield None
    return Training(config, sampler, seed, device)


FAMILY = Family(
    id="image_vae",
    title="Image VAE",
    description="Learns to read and to draw a set of pictures: makes new ones, and varies one of your own.",
    config=ImageVaeConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.4,
    crop_px=lambda config: int(config.side),
    makes="images",
    encode=encode,
)
