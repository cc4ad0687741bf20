"""A convolutional texture without a critic: patches are compared with the photo's by sorting them along random directions.

Two modes share that distance (``nn/sliced.py``):

* *network*: a feed-forward generator on a torus, all levels trained together, end to end. Each level's picture is compared with the
  photo at that scale: patches, moduli of random filters, power spectrum. All crops of a step are bent alike, and so are the pictures
  that are told this bend: the distance itself teaches the sliders.
* *instant*: no network. The pixels of one tile are moved until its patches are distributed as the photo's, coarse to fine (GPDM,
  Elnekave and Weiss 2022), the patches wrapping at its edges. There is one such tile, without seeds or sliders.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
import torch
import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor, nn

from texgen_desktop.data.crops import CropSampler
from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import Style, StyleHeader
from texgen_desktop.errors import TexGenError
from texgen_desktop.families import Family, RenderRequest, Seed, Slider, moved_slider
from texgen_desktop.imaging.naming import NamedDirection
from texgen_desktop.imaging.slider_proof import Draw
from texgen_desktop.nn.averaging import adam_tensors, average_into, load_adam
from texgen_desktop.nn.layers import frozen, halve, placed, seeded, sizes_only
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.noise_directions import COUNT, NONE, TENSOR, NoiseDirections
from texgen_desktop.nn.pyramid import COLOURS, Generator, LevelShape, Place
from texgen_desktop.nn.run_state import LossLog, RunState, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.sliced import PatchDirections, modulus_features, projected, random_filters, sliced_wasserstein
from texgen_desktop.nn.spectrum import spectrum_distance
from texgen_desktop.nn.torus import resized, wrapped
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

# Purposes of random streams within one training step.
_CROPS, _NOISE, _DIRECTIONS, _START, _SHIFT = 0, 1, 2, 3, 4


class TextureCnnConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    mode: Annotated[
        Literal["network", "instant"], Meta(description="A network with sliders and endless texture, or at once the pixels of one tile")
    ] = "network"
    images: Annotated[
        int,
        Meta(ge=16, le=100_000_000, description="Crops of the photo to learn from; instant: looks at the photo", extra={"unit": "crops"}),
    ] = 8_000
    batch: Annotated[int, Meta(ge=1, le=16, description="Crops in one training step", extra={"unit": "crops"})] = 2
    levels: Annotated[int, Meta(ge=2, le=6, description="Octaves of the pyramid; more for larger structure")] = 4
    width: Annotated[int, Meta(ge=8, le=128, description="Channels of the generator")] = 48
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.003
    tile_px: Annotated[int, Meta(ge=64, le=1024, description="Side of the instant tile, in steps of 32", extra={"unit": "px"})] = 256
    mirror: Annotated[bool, Meta(description="Learn from the mirrored photo as well, where that looks as natural")] = False
    turn: Annotated[bool, Meta(description="Learn from the photo turned by quarters as well, where that looks as natural")] = False


PRESETS = {
    "instant": TextureCnnConfig(mode="instant", images=1_500),
    "draft": TextureCnnConfig(images=2_500),
    "standard": TextureCnnConfig(),
    "high": TextureCnnConfig(images=40_000, width=56),
}

_PATCH_PX = 7
_DIRECTIONS_A_STEP = 64

# Of the network.
_CELLS = 24  # side of the torus and of the crops that are compared, in pixels of level 0
_TOPS_BELOW_FINEST = (0, 2, 1, 2)  # the level that a step ends at, in turn: the coarse ones are cheap and carry the structure
_CROPS_A_PICTURE = 4  # of the photo for each picture: few crops differ more from one another than a picture does from the photo
_PATCHES_A_STEP = 6_000
_WHITENESS = 0.1
_FILTERS = 24
_FEATURES_UP_TO_PX = 96  # side of the pictures that are compared so: finer ones would take most of a step
_FEATURE_REACH_PX = 12  # side of what one feature sees
_FEATURES_WEIGHT, _SPECTRUM_WEIGHT, _STYLE_WEIGHT = 0.5, 0.1, 0.5
_WARM_UP_STEPS = 20
_PROOF_SIDE_PX = 256

# Of the instant tile.
_TILE_LEVELS = 4
_COARSEST_TILE_PX = 32
_MOST_POSITIONS = 8  # as many as one photo has
_SMALLEST_PHOTO_PX = 16
_PIXEL_STEP = 0.05
_START_DEVIATION = 0.5
_TILE_FEATURES_WEIGHT = 2.0
_SORTING = 1.7  # times the work: what sorting and drawing take, measured beside the network's convolutions
_STEPS_A_FEATURES = 3  # they cost several times as much as the patches do


def _steps(config: TextureCnnConfig) -> int:
    return -(-config.images // config.batch)


def _shapes(config: TextureCnnConfig) -> list[LevelShape]:
    """Deep where pixels are few, lean at the finest level, which costs the most."""
    between = [LevelShape(config.width, 4, 8)] * (config.levels - 2)
    return [LevelShape(config.width, 5, 8), *between, LevelShape(config.width, 3, 8)]


def _top(config: TextureCnnConfig, step: int) -> int:
    """The finest level that a step trains; all below it are trained too."""
    return max(0, config.levels - 1 - _TOPS_BELOW_FINEST[step % len(_TOPS_BELOW_FINEST)])


def _crop_px(config: TextureCnnConfig) -> int:
    return _CELLS * 2 ** (config.levels - 1) if config.mode == "network" else 0


# ----------------------------------------------------------------------------------------------------- the trained network


@dataclass(frozen=True)
class TextureCnn:
    """Trained weights with all that rendering needs. Never changed once it is made."""

    config: TextureCnnConfig
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

    def render(self, request: RenderRequest) -> Tensor:
        look, region = request.look, request.region
        style = self.style.row(look.value, self.device)
        place = Place(self.level_count - 1 - request.skip_levels, region.y, region.x, region.height, region.width, request.cells)
        layout, detail = (look.layout_seed, look.layout_strength), (look.detail_seed, look.detail_strength)
        return self.style.palette.decode(self.generator.plane(style, place, layout, detail, self.directions.shift(look.value)))[0]


@dataclass(frozen=True)
class TextureTile:
    """One finished tile; ``picture`` (3, side, side), sRGB-encoded in [0, 1].

    A cell is the whole tile, so that every torus of whole cells repeats it whole, whatever their number.
    """

    config: TextureCnnConfig
    picture: Tensor

    @property
    def sliders(self) -> tuple[Slider, ...]:
        return ()

    @property
    def seeds(self) -> tuple[Seed, ...]:
        return ()

    @property
    def cell_px(self) -> int:
        return _tile_px(self.config)

    @property
    def level_count(self) -> int:
        return _TILE_LEVELS

    def header(self) -> dict[str, Any]:
        return {"config": msgspec.to_builtins(self.config)}

    def tensors(self) -> dict[str, Tensor]:
        return {"picture": self.picture.cpu().contiguous()}

    def render(self, request: RenderRequest) -> Tensor:
        picture, region = F.avg_pool2d(self.picture, 2**request.skip_levels), request.region
        side = picture.shape[-1]
        # Taken modulo in Python's integers: a region may lie farther out than a tensor can count.
        rows = (torch.arange(region.height, device=picture.device) + region.y % side) % side
        columns = (torch.arange(region.width, device=picture.device) + region.x % side) % side
        return picture[:, rows[:, None], columns]


class _AnyHeader(msgspec.Struct):
    config: TextureCnnConfig


class _TileHeader(_AnyHeader, forbid_unknown_fields=True):
    """The shape of ``TextureTile.header``: a file from a stranger has to fit it."""


class _NetworkHeader(StyleHeader):
    """The shape of ``TextureCnn.header``."""

    config: TextureCnnConfig
    directions: Annotated[tuple[NamedDirection, ...], Meta(max_length=COUNT)] = ()


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TextureCnn | TextureTile:
    """The model of a header and tensors that came out of one. Raises msgspec.ValidationError or RuntimeError."""
    config = msgspec.convert(header, _AnyHeader).config
    if config.mode == "instant":
        msgspec.convert(header, _TileHeader)
        return _open_tile(config, tensors, device)
    told = msgspec.convert(header, _NetworkHeader)
    style, weights = Style.opened(told), dict(tensors)
    shifts = weights.pop(TENSOR, None)
    generator = Generator(_shapes(config), len(style.axes))
    generator.load_state_dict(weights, strict=True)
    frozen(generator, device)
    directions = NoiseDirections.opened(told.directions, shifts, generator.noise_reader)
    return TextureCnn(config, style, generator, device, directions)


def _open_tile(config: TextureCnnConfig, tensors: Mapping[str, Tensor], device: torch.device) -> TextureTile:
    side, picture = _tile_px(config), tensors.get("picture")
    if len(tensors) != 1 or picture is None or picture.shape != (COLOURS, side, side) or picture.dtype != torch.float32:
        raise RuntimeError(f"the tile is no picture of {side} x {side} pixels")
    return TextureTile(config, picture.to(device).clamp(0, 1))


@torch.inference_mode()
def render(model: TextureCnn | TextureTile, request: RenderRequest) -> Tensor:
    """The requested region: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    return model.render(request)


def _drawing(model: TextureCnn, skip_levels: int = 0) -> Draw:
    cells = max(_PROOF_SIDE_PX // model.cell_px, _CELLS)  # as many as the crops have that were learnt from
    return moved_slider(lambda request: render(model, request), _PROOF_SIDE_PX, cells, skip_levels)


def prove(model: TextureCnn | TextureTile) -> Slices[TextureCnn | TextureTile]:
    """The model with only those sliders that hold what their names say, and with names for its directions."""
    if isinstance(model, TextureTile):
        return model
    style = yield from model.style.proven(_drawing(model))
    held = replace(model, style=style, directions=NoiseDirections.of(model.generator.noise_reader))
    return replace(held, directions=(yield from held.directions.measured(_drawing(held, 1), _PROOF_SIDE_PX // 2, style.titles)))


# ------------------------------------------------------------------------------------------------- training the network


class NetworkTraining:
    """A run of the network mode. Implements ``families.Trainer``."""

    def __init__(
        self, config: TextureCnnConfig, sampler: CropSampler, directions: Sequence[PatchDirections], seed: int, device: torch.device
    ) -> None:
        """``directions`` are those of each level's patches, coarsest first."""
        self._config, self._sampler, self._directions, self._seed, self._device = config, sampler, directions, seed, device
        self.images_seen = 0
        with seeded(seed):
            self._generator = placed(Generator(_shapes(config), len(sampler.axes)), device)
        self._average = frozen(copy.deepcopy(self._generator), device)
        self._optimizer = torch.optim.Adam(self._generator.parameters(), config.learning_rate, (0.9, 0.99), fused=True)
        self._losses = LossLog()

    @property
    def images_total(self) -> int:
        return _steps(self._config) * self._config.batch

    def step(self) -> Slices[None]:
        step = self.images_seen // self._config.batch
        top = _top(self._config, step)
        self._optimizer.param_groups[0]["lr"] = self._config.learning_rate * self._rate(step)
        count = self._config.batch
        crops = self._sampler.draw(
            stream(self._seed, self.images_seen, _CROPS), top, count * _CROPS_A_PICTURE, _CELLS * 2**top, is_bent_alike=True
        )
        yield None
        outputs, pictures = yield from self._form(top, crops.style[:count])
        yield from self._compare(pictures, crops.patches, crops.style[:count])
        self._optimizer.zero_grad(set_to_none=True)
        for output, picture in zip(reversed(outputs), reversed(pictures), strict=True):
            output.backward(picture.grad)  # adds its share to the gradient of the picture below
            yield None
        self._optimizer.step()
        for k in range(top + 1):
            average_into(self._average.level(k), self._generator.level(k), step)
        self.images_seen += self._config.batch

    def _rate(self, step: int) -> float:
        """The full rate after a short warm-up for half of the run, then a cosine down to a twentieth."""
        return min(1.0, (step + 1) / _WARM_UP_STEPS) * cosine(self.images_seen / self.images_total, 0.05, hold=0.5)

    def _form(self, top: int, style: Tensor) -> Slices[tuple[list[Tensor], list[Tensor]]]:
        """A torus of _CELLS² cells at each level up to ``top``: the levels' outputs, and the same as leaves to gather gradients at."""
        generator = stream(self._seed, self.images_seen, _NOISE)
        outputs: list[Tensor] = []
        pictures: list[Tensor] = []
        for k in range(top + 1):
            level = self._generator.level(k)
            side = _CELLS * 2 ** max(0, k - 1)
            noise = torch.randn(len(style), level.shape.noise, side, side, generator=generator).to(self._device)
            below = wrapped(pictures[-1], level.margin, level.margin) if pictures else None
            outputs.append(level(below, wrapped(noise, level.margin, level.margin), style))
            pictures.append(outputs[-1].detach().contiguous().requires_grad_(True))
            yield None
        return outputs, pictures

    def _compare(self, pictures: Sequence[Tensor], real: Tensor, style: Tensor) -> Slices[None]:
        """Gathers the gradient of every loss at the pictures."""
        generator = stream(self._seed, self.images_seen, _DIRECTIONS)
        for k in reversed(range(len(pictures))):
            made = [pictures[k]]
            if k + 1 < len(pictures):  # a finer level is free to mend this one, and has to keep to the photo at this scale too
                made.append(halve(pictures[k + 1]))
                real = halve(real)
            scale = f"1/{2 ** (self._config.levels - 1 - k)}"
            self._settle(f"patches {scale}", self._patches_loss(k, made, real, generator))
            yield None
            if pictures[k].shape[-1] <= _FEATURES_UP_TO_PX:
                around = wrapped(pictures[k], 0, _FEATURE_REACH_PX - 1)
                self._settle("features", _FEATURES_WEIGHT * _features_loss(around, real, self._directions[k], generator))
            self._settle("spectrum", _SPECTRUM_WEIGHT * spectrum_distance(pictures[k], real))
            yield None
        measured = self._sampler.measured(pictures[0])
        if measured.shape[1]:  # what a crop was measured for belongs to it alone: the pooled patches do not teach it
            told = style[:, self._sampler.measured_columns]
            self._settle("style", _STYLE_WEIGHT * (measured - told).abs().mean())

    def _settle(self, name: str, loss: Tensor) -> None:
        self._losses.note_loss(name, loss, self.images_seen)
        loss.backward()

    def _patches_loss(self, k: int, made: Sequence[Tensor], real: Tensor, generator: torch.Generator) -> Tensor:
        """Patches of both on a grid that lies elsewhere at every step."""
        directions = self._directions[k].draw(_DIRECTIONS_A_STEP, generator)
        targets = _grid(real, directions, _PATCHES_A_STEP, generator)
        around = [wrapped(each, 0, _PATCH_PX - 1) for each in made]
        losses = [sliced_wasserstein(_grid(each, directions, _PATCHES_A_STEP, generator), targets) for each in around]
        return torch.stack(losses).sum()

    def take_losses(self) -> dict[str, float]:
        return dict(sorted(self._losses.take().items()))

    def start_from(self, model: TextureCnn | TextureTile) -> None:
        if isinstance(model, TextureTile):
            raise TexGenError("A tile has no weights to start from.", "Choose a model that was trained with another preset.")
        for network in (self._generator, self._average):
            take_over(network, model.generator.state_dict())

    def tune(self, config: TextureCnnConfig) -> None:
        self._config = config

    def model(self) -> TextureCnn:
        average = frozen(copy.deepcopy(self._average), self._device)
        directions = NoiseDirections.of(average.noise_reader)
        return TextureCnn(self._config, self._sampler.style, average, self._device, directions)

    def _run_state(self) -> RunState:
        return RunState({"generator": self._generator, "average": self._average}, {"adam": (self._optimizer, self._generator)})

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._losses.take()


def _stride(picture: Tensor, patches: int) -> int:
    """The stride at which a batch has about so many patches."""
    return max(1, round(math.sqrt(picture.shape[0] * picture.shape[2] * picture.shape[3] / patches)))


# ---------------------------------------------------------------------------------------------- forming the instant tile


def _tile_px(config: TextureCnnConfig) -> int:
    """The side of the tile: its coarser levels have whole pixels too."""
    return config.tile_px // 32 * 32


def _tile_sides(config: TextureCnnConfig, photo_px: float = math.inf) -> list[int]:
    """The sides at which the tile is formed, half an octave from one to the next, coarsest first, for photos of that least side."""
    full = _tile_px(config)
    sides = [full]
    while True:
        side = round(full * 2 ** (-len(sides) / 2))
        if side < _COARSEST_TILE_PX or photo_px * side / full < _SMALLEST_PHOTO_PX:
            return sides[::-1]
        sides.append(side)


@dataclass(frozen=True)
class _TileLevel:
    """One scale of the instant mode: the photos there, and the step from which on the tile is formed there."""

    side: int
    photos: tuple[Tensor, ...]  # (1, 3, h, w) in palette coordinates
    directions: PatchDirections
    first_step: int
    last_step: int


class _Pixels(nn.Module):
    """The tile while it is formed, (3, side, side) in palette coordinates."""

    def __init__(self, pixels: Tensor) -> None:
        super().__init__()
        self.pixels = nn.Parameter(pixels)


class TileTraining:
    """A run of the instant mode: each step moves the tile's pixels once. Implements ``families.Trainer``."""

    def __init__(self, config: TextureCnnConfig, palette: Palette, levels: Sequence[_TileLevel], seed: int, device: torch.device) -> None:
        self._config, self._palette, self._levels, self._seed, self._device = config, palette, levels, seed, device
        self.images_seen = 0
        side = levels[0].side
        noise = torch.randn(COLOURS, side, side, generator=stream(seed, 0, _START))
        self._take_pixels(_START_DEVIATION * noise.to(device))
        self._losses = LossLog()

    def _take_pixels(self, pixels: Tensor) -> None:
        self._tile = _Pixels(pixels)
        self._optimizer = torch.optim.Adam(self._tile.parameters(), _PIXEL_STEP, (0.9, 0.99), fused=True)

    @property
    def images_total(self) -> int:
        return self._config.images

    def step(self) -> Slices[None]:
        level = next(each for each in reversed(self._levels) if self.images_seen >= each.first_step)
        if level.side != self._tile.pixels.shape[-1]:
            down, right = torch.rand(2, generator=stream(self._seed, self.images_seen, _SHIFT)).tolist()
            self._take_pixels(resized(self._tile.pixels.detach()[None], level.side, (down, right))[0])
        progress = (self.images_seen - level.first_step) / (level.last_step - level.first_step)
        self._optimizer.param_groups[0]["lr"] = _PIXEL_STEP * cosine(progress, 0.03)
        generator = stream(self._seed, self.images_seen, _DIRECTIONS)
        directions = level.directions.draw(_DIRECTIONS_A_STEP, generator)
        few = -(-_PATCHES_A_STEP // len(level.photos))
        targets = torch.cat([_grid(photo, directions, few, generator) for photo in level.photos], 1)
        yield None
        around = wrapped(self._tile.pixels[None], 0, _PATCH_PX - 1)
        loss = sliced_wasserstein(_grid(around, directions, _PATCHES_A_STEP, generator), targets)
        self._losses.note_loss("patches", loss, self.images_seen)
        yield None
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.images_seen % _STEPS_A_FEATURES == 0:
            yield None
            photo = _window(level.photos[self.images_seen // _STEPS_A_FEATURES % len(level.photos)], level.side, generator)
            around = wrapped(self._tile.pixels[None], 0, _FEATURE_REACH_PX - 1)
            features = _features_loss(around, photo, level.directions, generator)
            self._losses.note_loss("features", features, self.images_seen)
            yield None
            (_TILE_FEATURES_WEIGHT * features).backward()
        self._optimizer.step()
        self.images_seen += 1

    def take_losses(self) -> dict[str, float]:
        return dict(sorted(self._losses.take().items()))

    def start_from(self, model: TextureCnn | TextureTile) -> None:
        raise TexGenError("An instant tile starts afresh.", "Leave out the model to start from, or choose another preset.")

    def tune(self, config: TextureCnnConfig) -> None:
        self._config = config

    @torch.no_grad()
    def model(self) -> TextureTile:
        """The tile as it is; while it is coarse, enlarged."""
        picture = resized(self._tile.pixels.detach()[None], _tile_px(self._config))
        return TextureTile(self._config, self._palette.decode(picture)[0])

    def state(self) -> dict[str, Tensor]:
        found = {"pixels": self._tile.pixels, **adam_tensors(self._optimizer, self._tile)}
        return {name: value.detach().cpu().clone() for name, value in found.items()}

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        """Raises RuntimeError when the pixels are none of this run's."""
        pixels = tensors["pixels"]
        if pixels.shape not in {(COLOURS, level.side, level.side) for level in self._levels}:
            raise RuntimeError("the tile has not the size of any of this run's levels")
        self._take_pixels(pixels.to(self._device).clone())
        load_adam(self._optimizer, self._tile, tensors)
        self.images_seen = images_seen
        self._losses.take()


def _grid(picture: Tensor, directions: Tensor, patches: int, generator: torch.Generator) -> Tensor:
    """About so many of a picture's patches along the directions, on a grid that lies elsewhere at every step."""
    stride = _stride(picture, patches)
    top, left = torch.randint(0, stride, (2,), generator=generator).tolist()
    return projected(picture[..., top:, left:], directions, stride)


def _features_loss(made: Tensor, real: Tensor, directions: PatchDirections, generator: torch.Generator) -> Tensor:
    """Where random filters answer strongly together. Over whole pictures: each window by itself is no sample of the photo."""
    first = directions.draw(_FILTERS, generator)
    second = random_filters(_DIRECTIONS_A_STEP, _FILTERS, 3, generator).to(real)
    return sliced_wasserstein(modulus_features(made, first, second), modulus_features(real, first, second))


def _window(picture: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Somewhere in a picture, as much of it as there is."""
    height, width = (min(side, n) for n in picture.shape[-2:])
    top, left = (
        int(torch.randint(0, n - side + 1, (1,), generator=generator)) for n, side in zip(picture.shape[-2:], (height, width), strict=True)
    )
    return picture[..., top : top + height, left : left + width]


# --------------------------------------------------------------------------------------------------------- the beginning


def start(config: TextureCnnConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[NetworkTraining | TileTraining]:
    """A run before its first step, in slices."""
    if config.mode == "instant":
        return (yield from _start_tile(config, photos, seed, device))
    sampler = yield from CropSampler.prepared(photos, config.levels, _CELLS, device, config.mirror, config.turn)
    directions = []
    for k in range(config.levels):
        yield None
        probe = torch.Generator().manual_seed(k)
        crops = sampler.draw(probe, k, max(2, 16 >> k), _CELLS * 2**k, is_bent_alike=False)
        directions.append(PatchDirections.of(crops.patches, _PATCH_PX, _WHITENESS))
    yield None
    return NetworkTraining(config, sampler, directions, seed, device)


def _start_tile(config: TextureCnnConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[TileTraining]:
    palette, sides = Palette.of(photos), _tile_sides(config, min(min(photo.pixels.shape[:2]) for photo in photos))
    yield None
    as_taken = [palette.encode(torch.from_numpy(photo.pixels).to(device).permute(2, 0, 1)[None]) for photo in photos]
    most = max(1, _MOST_POSITIONS // len(photos))  # many photos are varied as they are, and each position takes as much memory
    full = [each for photo in as_taken for each in _positions(photo, config)[:most]]
    levels: list[_TileLevel] = []
    ends = _level_ends(config, sides)
    for side, first, last in zip(sides, [0, *ends], ends, strict=False):
        yield None
        scale = side / sides[-1]
        scaled = tuple(
            F.interpolate(photo, [round(n * scale) for n in photo.shape[-2:]], mode="bilinear", antialias=True, align_corners=False)
            for photo in full
        )
        largest = max(scaled, key=Tensor.numel)
        levels.append(_TileLevel(side, scaled, PatchDirections.of(largest, _PATCH_PX, 0.0), first, last))
    yield None
    return TileTraining(config, palette, levels, seed, device)


def _positions(photo: Tensor, config: TextureCnnConfig) -> list[Tensor]:
    """The photo as it is, and as its patches may lie beside that: (1, 3, h, w) each, or turned (1, 3, w, h)."""
    turned = [photo, *(photo.rot90(quarters, (2, 3)) for quarters in (1, 2, 3) if config.turn)]
    return [*turned, *(each.flip(3) for each in turned if config.mirror)]


def _level_ends(config: TextureCnnConfig, sides: Sequence[int]) -> list[int]:
    """The step at which each of the tile's levels ends. The coarse ones have twice the steps: they are cheap, and lay the ground."""
    shares = [2 if side <= 64 else 1 for side in sides]
    return [round(config.images * sum(shares[: k + 1]) / sum(shares)) for k in range(len(sides))]


def cost_gflop(config: TextureCnnConfig) -> float:
    """Work of the whole schedule: forward and backward, by the size of the layers."""
    if config.mode == "instant":
        sides = _tile_sides(config)
        ends = _level_ends(config, sides)
        patches = _PATCHES_A_STEP * COLOURS * _PATCH_PX**2 * _DIRECTIONS_A_STEP
        feature = COLOURS * _PATCH_PX**2 * _FILTERS + 9 * _FILTERS * _DIRECTIONS_A_STEP / 4
        steps = zip(sides, ends, [0, *ends], strict=False)
        work = sum((end - first) * (patches + feature * side**2 / _STEPS_A_FEATURES) for side, end, first in steps)
        return 3 * work * _SORTING * 2 / 1e9
    with sizes_only():
        generator = Generator(_shapes(config), 4)
    total = 0.0
    for step in range(len(_TOPS_BELOW_FINEST)):
        for k in range(_top(config, step) + 1):
            network, side = generator.level(k), _CELLS * 2 ** max(0, k - 1)
            total += config.batch * 3 * network.multiply_adds() * (side + 2 * network.margin) ** 2
    return total / len(_TOPS_BELOW_FINEST) * _steps(config) * 2 / 1e9


FAMILY = Family(
    id="texture_cnn",
    title="Texture CNN",
    description="Learns a texture without a critic, by comparing patches; or forms one tile at once, without a network.",
    config=TextureCnnConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.23,
    crop_px=_crop_px,
)
