"""A fully convolutional GAN on a torus, coarse to fine, learnt from one photo or several.

Level 0 learns to make a small picture of the texture out of noise. Every finer level learns to mend the level below and to add
its detail, at first to halved crops of the photo itself: so all levels learn at the same time, and none waits for another. Later
half of a batch stands on the generator's own coarse pictures, which closes the gap between the two. Each level has a critic of
its own.

Losses: relativistic pairing, or another of ``nn.losses``, with approximate R1 + R2 (R3GAN, Huang et al. 2024; Seaweed APT, Lin et al.
2025). The pyramid of critics is that of SinGAN (Shaham et al. 2019), which trains its levels one after another.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta
from torch import Tensor

from texgen_desktop.data.crops import CropSampler
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import Style, StyleHeader
from texgen_desktop.families import Family, RenderRequest, Seed, Slider, moved_slider
from texgen_desktop.imaging.naming import NamedDirection
from texgen_desktop.imaging.slider_proof import Draw
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.critics import teach_critic
from texgen_desktop.nn.layers import frozen, halve, placed, seeded, sizes_only
from texgen_desktop.nn.losses import GAN_LOSSES, GanLossName
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.noise_directions import COUNT, NONE, TENSOR, NoiseDirections
from texgen_desktop.nn.pyramid import Critic, Generator, LevelShape, Place
from texgen_desktop.nn.run_state import LossLog, RunState, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

_PROOF_SIDE_PX = 256

# Purposes of random streams within one training step.
_CROPS, _NOISE, _SMOOTH, _OWN = 0, 1, 2, 3


class TextureGanConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen.

    ``antialias`` came later, and is off where it is not named: older models and runs stay as they were. The presets use it.
    """

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Crops of the photo to learn from", extra={"unit": "crops"})] = 28_000
    batch: Annotated[int, Meta(ge=2, le=16, description="Crops in one training step", extra={"unit": "crops"})] = 4
    levels: Annotated[int, Meta(ge=2, le=6, description="Octaves of the pyramid; more for larger structure")] = 4
    width: Annotated[int, Meta(ge=8, le=128, description="Channels of the generator")] = 48
    critic_width: Annotated[int, Meta(ge=8, le=128, description="Channels of the critics")] = 64
    loss: Annotated[GanLossName, Meta(description="What generator and critics are judged by")] = "relativistic"
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.0008
    smoothness: Annotated[float, Meta(ge=0, le=10, description="Weight of the critics' gradient penalty")] = 0.06
    mirror: Annotated[bool, Meta(description="Learn from the mirrored photo as well, where that looks as natural")] = False
    turn: Annotated[bool, Meta(description="Learn from the photo turned by quarters as well, where that looks as natural")] = False
    antialias: Annotated[bool, Meta(description="Low-pass the finest detail, so that no mesh of two pixels can grow")] = False


PRESETS = {
    "draft": TextureGanConfig(images=9_000, antialias=True),
    "standard": TextureGanConfig(antialias=True),
    "high": TextureGanConfig(images=120_000, width=56, critic_width=96, antialias=True),
}

_COARSE_CROP_PX = 32
_FINE_CROPS_PX = (40, 48, 48)  # from the second level up; the last also for all above
_TURNS = (23, 11, 9, 7)  # of 50 steps, likewise: the coarse levels are cheap and carry the structure
_PENALTY_PART = 2
_COARSE_PENALTY = 10
_OWN_AFTER = 0.3  # share of the run from which half of the crops stand on the generator's own coarse pictures


def _shapes(config: TextureGanConfig) -> list[LevelShape]:
    """Deep and wide where pixels are few, lean at the finest level, which costs the most."""
    width = config.width
    between = [LevelShape(width, 4, 8)] * (config.levels - 2)
    return [LevelShape(width, 5, 8), *between, LevelShape(width, 3, 8, config.antialias)]


def _crop_px(level: int) -> int:
    return _COARSE_CROP_PX if level == 0 else _FINE_CROPS_PX[min(level, len(_FINE_CROPS_PX)) - 1]


def _widest_crop_px(config: TextureGanConfig) -> int:
    return int(_COARSE_CROP_PX * 2 ** (config.levels - 1))


class _Plan:
    """Which level a step trains: a pattern that repeats, in which every level has its turns evenly spread."""

    def __init__(self, levels: int) -> None:
        turns = [_TURNS[min(k, len(_TURNS) - 1)] for k in range(levels)]
        due, self._pattern = [0.0] * levels, []
        for _ in range(sum(turns)):
            due = [d + t / sum(turns) for d, t in zip(due, turns, strict=True)]
            level = max(range(levels), key=due.__getitem__)
            due[level] -= 1
            self._pattern.append(level)

    def level(self, step: int) -> int:
        return self._pattern[step % len(self._pattern)]

    def turns_before(self, step: int, level: int) -> int:
        """How often the level was trained before this step."""
        rounds, rest = divmod(step, len(self._pattern))
        return rounds * self._pattern.count(level) + self._pattern[:rest].count(level)


def _steps(config: TextureGanConfig) -> int:
    return -(-config.images // config.batch)


@dataclass(frozen=True)
class TextureGan:
    """Trained weights with all that rendering needs. Never changed once it is made."""

    config: TextureGanConfig
    style: Style
    generator: Generator
    device: torch.device

    directions: NoiseDirections = NONE

    @property
    def sliders(self) -> tuple[Slider, ...]:
        return tuple(Slider(*words) for words in (*self.style.words, *self.directions.words))

    @property
    def seeds(self) -> tuple[Seed, ...]:
        return ("layout", "detail")

    @property
    def cell_px(self) -> int:
        return int(2 ** (self.level_count - 1))

    @property
    def level_count(self) -> int:
        return self.config.levels

    def header(self) -> dict[str, Any]:
        return {
            "config": msgspec.to_builtins(self.config),
            **self.style.header(),
            "directions": self.directions.header(),
        }

    def tensors(self) -> dict[str, Tensor]:
        return portable({**self.generator.state_dict(), **self.directions.tensors()})


class _Header(StyleHeader):
    """The shape of ``TextureGan.header``: a file from a stranger has to fit it."""

    config: TextureGanConfig
    directions: Annotated[tuple[NamedDirection, ...], Meta(max_length=COUNT)] = ()


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TextureGan:
    """The model of a header and tensors that came out of ``TextureGan``. Raises msgspec.ValidationError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    style = Style.opened(told)
    generator, weights = Generator(_shapes(told.config), len(style.axes)), dict(tensors)
    shifts = weights.pop(TENSOR, None)
    generator.load_state_dict(weights, strict=True)
    frozen(generator, device)
    directions = NoiseDirections.opened(told.directions, shifts, generator.noise_reader)
    return TextureGan(told.config, style, generator, device, directions)


@torch.inference_mode()
def render(model: TextureGan, request: RenderRequest) -> Tensor:
    """The requested region: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region
    style = model.style.row(look.value, model.device)
    place = Place(model.level_count - 1 - request.skip_levels, region.y, region.x, region.height, region.width, request.cells)
    layout, detail = (look.layout_seed, look.layout_strength), (look.detail_seed, look.detail_strength)
    return model.style.palette.decode(model.generator.plane(style, place, layout, detail, model.directions.shift(look.value)))[0]


def _drawing(model: TextureGan, skip_levels: int = 0) -> Draw:
    cells = max(_PROOF_SIDE_PX // model.cell_px, _COARSE_CROP_PX)  # as many as the crops have that were learnt from
    return moved_slider(lambda request: render(model, request), _PROOF_SIDE_PX, cells, skip_levels)


def prove(model: TextureGan) -> Slices[TextureGan]:
    """The model with only those sliders that hold what their names say, and with names for its directions."""
    style = yield from model.style.proven(_drawing(model))
    held = replace(model, style=style, directions=NoiseDirections.of(model.generator.noise_reader))
    return replace(held, directions=(yield from held.directions.measured(_drawing(held, 1), _PROOF_SIDE_PX // 2, style.titles)))


class Training:
    """A run: generator, its average, one critic a level, their optimisers. Implements ``families.Trainer``."""

    def __init__(self, config: TextureGanConfig, sampler: CropSampler, seed: int, device: torch.device) -> None:
        self._config, self._seed, self._device = config, seed, device
        self.images_seen = 0
        self._loss = GAN_LOSSES[config.loss]
        self._plan = _Plan(config.levels)
        self._sampler = sampler
        style = len(sampler.axes)
        with seeded(seed):
            self._generator = Generator(_shapes(config), style)
            self._critics = torch.nn.ModuleList(Critic(config.critic_width // 2, config.critic_width, style) for _ in range(config.levels))
        self._average = frozen(copy.deepcopy(self._generator), device)
        for network in (self._generator, self._critics):
            placed(network, device)
        self._generator_optimizers = [adam(self._generator.level(k), config.learning_rate) for k in range(config.levels)]
        self._critic_optimizers = [adam(critic, config.learning_rate) for critic in self._critics]
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return _steps(self._config) * self._config.batch

    # ------------------------------------------------------------------------------------------------ one step

    def step(self) -> Slices[None]:
        step = self.images_seen // self._config.batch
        level = self._plan.level(step)
        self._anneal(level)
        real, below, style = self._draw(level)
        yield None
        noise = self._noise(level)
        fake = self._generator.level(level)(below, noise, style)
        yield None
        on_real = yield from self._teach_critic(level, real, fake.detach(), style)
        self._teach_generator(level, fake, style, on_real)
        average_into(self._average.level(level), self._generator.level(level), self._plan.turns_before(step, level))
        self.images_seen += self._config.batch

    def _anneal(self, level: int) -> None:
        """The full rate for half of the run, then a cosine down to a twentieth."""
        share = cosine(self.images_seen / self.images_total, 0.05, hold=0.5)
        for optimizer in (self._generator_optimizers[level], self._critic_optimizers[level]):
            optimizer.param_groups[0]["lr"] = self._config.learning_rate * share

    def _draw(self, level: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """Real crops, what the level below hands up for as many fakes, and the style of both."""
        size, batch = _crop_px(level), self._config.batch
        generator = stream(self._seed, self.images_seen, _CROPS)
        if level == 0:
            crops = self._sampler.draw(generator, 0, batch, size)
            return crops.patches, None, crops.style
        edge = 2 * self._generator.level(level).margin
        crops = self._sampler.draw(generator, level, batch, size, surround=edge)
        real, below = crops.patches[..., edge:-edge, edge:-edge], halve(crops.patches)
        own = batch // 2 if self.images_seen >= _OWN_AFTER * self.images_total else 0
        if own:
            below = torch.cat([self._own_pictures(level - 1, below.shape[-1], crops.style[:own]), below[own:]])
        return real, below, crops.style

    @torch.no_grad()
    def _own_pictures(self, level: int, size: int, style: Tensor) -> Tensor:
        """The generator's own pictures of a level: (B, 3, size, size)."""
        generator = stream(self._seed, self.images_seen, _OWN)

        def noise(k: int, _y: int, _x: int, height: int, width: int) -> Tensor:
            channels = self._average.level(k).shape.noise
            return torch.randn(len(style), channels, height, width, generator=generator).to(self._device)

        return self._average.region(level, 0, 0, size, size, style, noise)

    def _noise(self, level: int) -> Tensor:
        """Noise for one batch. The coarsest level's lies on a torus of the crop's size: no surroundings are computed only to be cut."""
        network = self._generator.level(level)
        shape, margin, batch = network.shape, network.margin, self._config.batch
        generator = stream(self._seed, self.images_seen, _NOISE)
        if level == 0:
            side = _crop_px(0)
            field = torch.randn(batch, shape.noise, side, side, generator=generator)
            return torch.nn.functional.pad(field, (margin,) * 4, mode="circular").to(self._device)
        side = _crop_px(level) // 2 + 2 * margin
        return torch.randn(batch, shape.noise, side, side, generator=generator).to(self._device)

    def _teach_critic(self, level: int, real: Tensor, fake: Tensor, style: Tensor) -> Slices[Tensor]:
        """One step of the level's critic; hands on what it thought of the real crops before that step.

        The coarsest level needs the penalty most: nothing but the critic tells its generator where to stop.
        """
        return teach_critic(
            self._critics[level],
            self._critic_optimizers[level],
            real,
            fake,
            style,
            loss=self._loss,
            gamma=self._config.smoothness * (_COARSE_PENALTY if level == 0 else 1),
            smoothed=len(real) if level == 0 else max(1, len(real) // _PENALTY_PART),
            dice=stream(self._seed, self.images_seen, _SMOOTH),
            note=partial(self._note, "critic", level),
        )

    def _teach_generator(self, level: int, fake: Tensor, style: Tensor, on_real: Tensor) -> None:
        optimizer = self._generator_optimizers[level]
        loss = self._loss.generator(self._critics[level](fake, style), on_real)
        self._note("generator", level, loss)
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=list(self._generator.level(level).parameters()))  # and not the critic's
        optimizer.step()

    def _note(self, who: str, level: int, loss: Tensor) -> None:
        """Sums a loss on the device. Raises NonFiniteLoss before a broken step reaches the weights."""
        self._log.note_loss(f"{who} 1/{2 ** (self._config.levels - 1 - level)}", loss, self.images_seen)

    def take_losses(self) -> dict[str, float]:
        return dict(sorted(self._log.take().items()))  # level by level, whichever was trained first

    def start_from(self, model: TextureGan) -> None:
        for network in (self._generator, self._average):
            take_over(network, model.generator.state_dict())

    def tune(self, config: TextureGanConfig) -> None:
        self._config = config

    # ------------------------------------------------------------------------------------- out of and into files

    def model(self) -> TextureGan:
        generator = frozen(copy.deepcopy(self._average), self._device)
        directions = NoiseDirections.of(generator.noise_reader)
        return TextureGan(self._config, self._sampler.style, generator, self._device, directions)

    def _run_state(self) -> RunState:
        optimizers: dict[str, tuple[torch.optim.Adam, torch.nn.Module]] = {}
        for k in range(self._config.levels):
            optimizers[f"generator_adam.{k}"] = (self._generator_optimizers[k], self._generator.level(k))
            optimizers[f"critic_adam.{k}"] = (self._critic_optimizers[k], self._critics[k])
        return RunState({"generator": self._generator, "average": self._average, "critics": self._critics}, optimizers)

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def cost_gflop(config: TextureGanConfig) -> float:
    """Work of the whole schedule: forward and backward of generator and critic, by the size of their layers."""
    shapes = _shapes(config)
    with sizes_only():
        generator, critic = Generator(shapes, 4), Critic(config.critic_width // 2, config.critic_width, 4)
    entry, *body = [layer.weight.numel() for layer in critic.body if isinstance(layer, torch.nn.Conv2d)]
    plan, steps = _Plan(config.levels), _steps(config)
    total = 0.0
    for level in range(config.levels):
        side = _crop_px(level)
        network = generator.level(level)
        made = 3 * network.multiply_adds() * ((side if level == 0 else side / 2) + network.margin) ** 2
        judged = entry * side**2 + sum(body) * (side / 2 - 3) ** 2
        # Critic: real and fake, forward and backward, and a part or all of them again for the penalty; generator: once through it.
        passes = 6 + 6 / (1 if level == 0 else _PENALTY_PART) + 3
        total += plan.turns_before(steps, level) * config.batch * 2 * (made + judged * passes) / 1e9
    return total


def start(config: TextureGanConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices."""
    sampler = yield from CropSampler.prepared(photos, config.levels, _COARSE_CROP_PX, device, config.mirror, config.turn)
    yield None
    return Training(config, sampler, seed, device)


FAMILY = Family(
    id="texture_gan",
    title="Texture GAN",
    description="Learns the texture of one photo or several, and makes endless new stretches of it.",
    config=TextureGanConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.5,
    crop_px=_widest_crop_px,
)
