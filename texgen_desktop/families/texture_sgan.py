"""A spatial GAN (Jetchev, Bergmann and Vollgraf 2016), on a torus and with sliders: one generator and one critic for all scales.

It is a DCGAN (Radford, Metz and Chintala 2016) without its dense entry: of noise on a lattice of cells of 16 pixels four transposed
convolutions make a picture of any size. A critic sees whole crops of 64 pixels, so that it learns what the things of a texture are, a
stone or a leaf, and not only what their surfaces look like. That takes several times the work of ``texture_gan``, which learns scale by
scale; with less it is worse.

The noise of a torus wraps, and is drawn wider than the network looks: so its pictures wrap too. Training is as published: a crop of 4 x 4
cells is made with zeros around it, which its outer cells show, and only the middle of it is made as a texture is later. That the critic
judges both alike did not show in pictures; noise that wraps in training too would cost the generator 2.25 times as much.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta
from torch import Tensor, nn

from texgen_desktop.data.crops import CropSampler
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import Style, StyleHeader
from texgen_desktop.families import Family, RenderRequest, Seed, Slider, moved_slider
from texgen_desktop.imaging.naming import NamedDirection
from texgen_desktop.imaging.slider_proof import Draw
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.directions import NoiseReader
from texgen_desktop.nn.layers import LEAK, frozen, placed, seeded, sizes_only
from texgen_desktop.nn.losses import GAN_LOSSES, GanLossName
from texgen_desktop.nn.noise import gaussian_field, stream
from texgen_desktop.nn.noise_directions import COUNT, NONE, TENSOR, NoiseDirections
from texgen_desktop.nn.pyramid import bounded
from texgen_desktop.nn.run_state import LossLog, RunState, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

_STRIDE_PX = 16
_CROP_CELLS = 4
_MARGIN_CELLS = 1  # each layer looks to the next pixel on one side only, so that four of them see no further than the next cell
_PROOF_SIDE_PX = 256

# Purposes of random streams within one training step.
_CROPS, _NOISE = range(2)


class TextureSganConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Crops of the photo to learn from", extra={"unit": "crops"})] = 110_000
    batch: Annotated[int, Meta(ge=2, le=64, description="Crops in one training step", extra={"unit": "crops"})] = 16
    noise: Annotated[int, Meta(ge=4, le=256, description="Random numbers in each cell of 16 × 16 pixels")] = 64
    width: Annotated[
        int, Meta(ge=8, le=128, description="Channels of the generator where it is finest; four times as many at its start")
    ] = 64
    critic_width: Annotated[int, Meta(ge=8, le=128, description="Channels of the critic where it is finest")] = 64
    loss: Annotated[GanLossName, Meta(description="What generator and critic are judged by")] = "non-saturating"
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.0002
    mirror: Annotated[bool, Meta(description="Learn from the mirrored photo as well, where that looks as natural")] = False
    turn: Annotated[bool, Meta(description="Learn from the photo turned by quarters as well, where that looks as natural")] = False


PRESETS = {
    "draft": TextureSganConfig(images=48_000),
    "standard": TextureSganConfig(),
    "high": TextureSganConfig(images=300_000, width=96, critic_width=96),
}


# -------------------------------------------------------------------------------------------------------------- networks


class Generator(nn.Module):
    """(B, style + noise, h, w) -> (B, 3, 16 h, 16 w) in palette coordinates.

    Batch norm everywhere but at the end, as in a DCGAN, whose tanh is stretched to the range of those coordinates.
    """

    def __init__(self, noise: int, style: int, width: int) -> None:
        super().__init__()
        self.noise = noise
        layers: list[nn.Module] = []
        for before, after in pairwise((style + noise, 4 * width, 2 * width, width)):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1))

    @property
    def noise_reader(self) -> NoiseReader:
        """Of each of the four places that a cell becomes, the sum of the 2 x 2 weights that reach it."""
        first = next(self.parameters()).detach()[-self.noise :]  # (noise, outputs, 4, 4)
        answers = first.unflatten(3, (2, 2)).unflatten(2, (2, 2)).sum((2, 4))  # (noise, outputs, 2, 2)
        return NoiseReader(answers.flatten(1).T, 2 * _MARGIN_CELLS + 1)

    def forward(self, cells: Tensor) -> Tensor:
        return bounded(self.body(cells))

    def multiply_adds(self) -> float:
        """For one pixel of the picture."""
        ladder = [layer.weight.numel() for layer in self.body if isinstance(layer, nn.ConvTranspose2d)]
        return sum((weights / 4 ** (len(ladder) - k) for k, weights in enumerate(ladder)), 0.0)


class Critic(nn.Module):
    """(B, 3, S, S), (B, style) -> scores (B, 1, S / 16, S / 16). The style lies on every pixel."""

    def __init__(self, style: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3 + style, width, 4, 2, 1), nn.LeakyReLU(LEAK)]
        for before, after in pairwise((width, 2 * width, 4 * width)):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(LEAK)]
        self.body = nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, 2, 1))

    def forward(self, picture: Tensor, style: Tensor) -> Tensor:
        scores: Tensor = self.body(_with_style(picture, style))
        return scores

    def multiply_adds(self) -> float:
        """For one pixel of the picture."""
        ladder = [layer.weight.numel() for layer in self.body if isinstance(layer, nn.Conv2d)]
        return sum((weights / 4 ** (k + 1) for k, weights in enumerate(ladder)), 0.0)


def _with_style(field: Tensor, style: Tensor) -> Tensor:
    planes = style[:, :, None, None].expand(-1, -1, *field.shape[-2:])
    return torch.cat([planes, field], 1).contiguous(memory_format=torch.channels_last)


def _initialise(network: nn.Module) -> None:
    """N(0, 0.02) for convolutions and N(1, 0.02) for the gains of batch norm (Radford et al. 2016, section 4)."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)


@torch.no_grad()
def _calibrate(generator: Generator, cells: Tensor) -> None:
    """Batch norm starts from what the first weights make of noise: its running means would take a hundred steps to get there."""
    norms = [layer for layer in generator.modules() if isinstance(layer, nn.BatchNorm2d)]
    usual = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 1.0
    generator(cells)
    for layer, momentum in zip(norms, usual, strict=True):
        layer.momentum = momentum


def _uniform(normal: Tensor) -> Tensor:
    """Standard normal numbers as uniform ones in [-1, 1], which is the noise of a DCGAN."""
    return torch.erf(normal * 0.5**0.5)


# ----------------------------------------------------------------------------------------------------------------- model


@dataclass(frozen=True)
class TextureSgan:
    """Trained weights with all that rendering needs. Never changed once it is made."""

    config: TextureSganConfig
    style: Style
    generator: Generator
    device: torch.device

    directions: NoiseDirections = NONE

    @property
    def sliders(self) -> tuple[Slider, ...]:
        return tuple(Slider(*words) for words in (*self.style.words, *self.directions.words))

    @property
    def seeds(self) -> tuple[Seed, ...]:
        return ("layout",)

    @property
    def cell_px(self) -> int:
        return _STRIDE_PX

    @property
    def level_count(self) -> int:
        return 1

    def header(self) -> dict[str, Any]:
        return {
            "config": msgspec.to_builtins(self.config),
            **self.style.header(),
            "directions": self.directions.header(),
        }

    def tensors(self) -> dict[str, Tensor]:
        return portable({**self.generator.state_dict(), **self.directions.tensors()})


class _Header(StyleHeader):
    """The shape of ``TextureSgan.header``: a file from a stranger has to fit it."""

    config: TextureSganConfig
    directions: Annotated[tuple[NamedDirection, ...], Meta(max_length=COUNT)] = ()


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TextureSgan:
    """The model of a header and tensors that came out of ``TextureSgan``. Raises msgspec.ValidationError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    style = Style.opened(told)
    generator, weights = Generator(told.config.noise, len(style.axes), told.config.width), dict(tensors)
    shifts = weights.pop(TENSOR, None)
    generator.load_state_dict(weights, strict=True)
    frozen(generator, device)
    if any(bool((value < 0).any()) for name, value in weights.items() if name.endswith("running_var")):
        raise RuntimeError("a variance below 0")
    directions = NoiseDirections.opened(told.directions, shifts, generator.noise_reader)
    return TextureSgan(told.config, style, generator, device, directions)


@torch.inference_mode()
def render(model: TextureSgan, request: RenderRequest) -> Tensor:
    """The requested region: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region
    # Grown to whole cells, and cropped at the end.
    top, left = region.y // _STRIDE_PX, region.x // _STRIDE_PX
    rows, columns = -(-(region.y + region.height) // _STRIDE_PX) - top, -(-(region.x + region.width) // _STRIDE_PX) - left
    place = (top - _MARGIN_CELLS, left - _MARGIN_CELLS, rows + 2 * _MARGIN_CELLS, columns + 2 * _MARGIN_CELLS)
    field = look.layout_strength * gaussian_field(look.layout_seed, 0, model.config.noise, *place, request.cells).to(model.device)
    shift = model.directions.shift(look.value)  # of the normal numbers, before they are made uniform
    field = field if shift is None else field + shift[:, None, None]
    picture = model.generator(_with_style(_uniform(field), model.style.row(look.value, model.device)))
    dy, dx = region.y - place[0] * _STRIDE_PX, region.x - place[1] * _STRIDE_PX
    return model.style.palette.decode(picture[..., dy : dy + region.height, dx : dx + region.width])[0]


def _drawing(model: TextureSgan, side_px: int) -> Draw:
    return moved_slider(lambda request: render(model, request), side_px, side_px // _STRIDE_PX)


def prove(model: TextureSgan) -> Slices[TextureSgan]:
    """The model with only those sliders that hold what their names say, and with names for its directions."""
    style = yield from model.style.proven(_drawing(model, _PROOF_SIDE_PX))
    held = replace(model, style=style, directions=NoiseDirections.of(model.generator.noise_reader))
    side_px = _PROOF_SIDE_PX // 2
    return replace(held, directions=(yield from held.directions.measured(_drawing(held, side_px), side_px, style.titles)))


# -------------------------------------------------------------------------------------------------------------- training


class Training:
    """A run: generator, its average, critic, their optimisers. Implements ``families.Trainer``."""

    def __init__(self, config: TextureSganConfig, sampler: CropSampler, seed: int, device: torch.device) -> None:
        self._config, self._seed, self._device = config, seed, device
        self.images_seen = 0
        self._loss = GAN_LOSSES[config.loss]
        self._sampler = sampler
        style = len(sampler.axes)
        with seeded(seed):
            self._generator, self._critic = Generator(config.noise, style, config.width), Critic(style, config.critic_width)
            for network in (self._generator, self._critic):
                _initialise(network)
            _calibrate(self._generator, torch.rand(config.batch, style + config.noise, _CROP_CELLS, _CROP_CELLS) * 2 - 1)
        self._average = frozen(copy.deepcopy(self._generator), device)
        for network in (self._generator, self._critic):
            placed(network, device)
        self._optimizers = [adam(network, config.learning_rate, (0.5, 0.999)) for network in (self._generator, self._critic)]
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return -(-self._config.images // self._config.batch) * self._config.batch

    def step(self) -> Slices[None]:
        self._anneal()
        crops = self._sampler.draw(stream(self._seed, self.images_seen, _CROPS), 0, self._config.batch, _CROP_CELLS * _STRIDE_PX)
        yield None
        dice = stream(self._seed, self.images_seen, _NOISE)
        noise = torch.rand(self._config.batch, self._config.noise, _CROP_CELLS, _CROP_CELLS, generator=dice) * 2 - 1
        fake = self._generator(_with_style(noise.to(self._device), crops.style))
        yield None
        on_real = yield from self._teach_critic(crops.patches, fake.detach(), crops.style)
        yield from self._teach_generator(fake, crops.style, on_real)
        self._average_in()
        self.images_seen += self._config.batch

    def _anneal(self) -> None:
        """The full rate for half of the run, as published, then a cosine down to a twentieth: for pictures that stand still."""
        rate = self._config.learning_rate * cosine(self.images_seen / self.images_total, 0.05, hold=0.5)
        for optimizer in self._optimizers:
            optimizer.param_groups[0]["lr"] = rate

    def _teach_critic(self, real: Tensor, fake: Tensor, style: Tensor) -> Slices[Tensor]:
        """One step of the critic; hands on what it thought of the real crops before that step. Batch norm sees each kind by itself."""
        on_real = self._critic(real, style)
        yield None
        on_fake = self._critic(fake, style)
        yield None
        told = on_real.detach().requires_grad_(), on_fake.detach().requires_grad_()
        loss = self._loss.critic(*told)
        self._log.note_loss("critic", loss, self.images_seen)
        loss.backward()
        _, optimizer = self._optimizers
        optimizer.zero_grad(set_to_none=True)
        for scores, asked in zip((on_real, on_fake), told, strict=True):  # one after the other: both together are a long slice
            scores.backward(asked.grad)
            yield None
        optimizer.step()
        before: Tensor = on_real.detach()
        return before

    def _teach_generator(self, fake: Tensor, style: Tensor, on_real: Tensor) -> Slices[None]:
        optimizer, _ = self._optimizers
        shown = fake.detach().requires_grad_()
        loss = self._loss.generator(self._critic(shown, style), on_real)
        self._log.note_loss("generator", loss, self.images_seen)
        yield None
        loss.backward(inputs=[shown])  # and not the critic's weights
        yield None
        optimizer.zero_grad(set_to_none=True)
        fake.backward(shown.grad)
        optimizer.step()
        yield None

    @torch.no_grad()
    def _average_in(self) -> None:
        """The weights are averaged, what batch norm has seen lately is taken as it is. That belongs to other weights: at the full rate the
        average's own variances were 2 to 8 % smaller. At the end of a run, when both stand still, the two are alike."""
        average_into(self._average, self._generator, self.images_seen // self._config.batch)
        for kept, seen in zip(self._average.buffers(), self._generator.buffers(), strict=True):
            kept.copy_(seen)

    def take_losses(self) -> dict[str, float]:
        return self._log.take()

    def start_from(self, model: TextureSgan) -> None:
        for network in (self._generator, self._average):
            take_over(network, model.generator.state_dict())

    def tune(self, config: TextureSganConfig) -> None:
        self._config = config

    def model(self) -> TextureSgan:
        generator = frozen(copy.deepcopy(self._average), self._device)
        directions = NoiseDirections.of(generator.noise_reader)
        return TextureSgan(self._config, self._sampler.style, generator, self._device, directions)

    def _run_state(self) -> RunState:
        of_generator, of_critic = self._optimizers
        optimizers = {"generator_adam": (of_generator, self._generator), "critic_adam": (of_critic, self._critic)}
        return RunState({"generator": self._generator, "average": self._average, "critic": self._critic}, optimizers)

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def cost_gflop(config: TextureSganConfig) -> float:
    """Work of the whole schedule: the generator once forward and backward, the critic on real and fake, and once for the generator."""
    with sizes_only():
        generator, critic = Generator(config.noise, 4, config.width), Critic(4, config.critic_width)
    pixels = config.images * (_CROP_CELLS * _STRIDE_PX) ** 2
    return 2e-9 * pixels * (3 * generator.multiply_adds() + 8 * critic.multiply_adds())


def start(config: TextureSganConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices."""
    sampler = yield from CropSampler.prepared(photos, 1, _CROP_CELLS * _STRIDE_PX, device, config.mirror, config.turn)
    yield None
    return Training(config, sampler, seed, device)


FAMILY = Family(
    id="texture_sgan",
    title="Spatial GAN",
    description="Learns what the stones or leaves of a texture are, and draws them sharply. Takes several times as long as Texture GAN.",
    config=TextureSganConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.85,
    crop_px=lambda config: _CROP_CELLS * _STRIDE_PX,
)
