"""New pictures from a set of pictures, by a generator that a critic teaches.

The game is that of Goodfellow et al. 2014: a generator G(z) = x makes pictures of noise, a critic D(x) = sigmoid(f(x)) tells how real they
look, and they play min over G, max over D of E[log D(x)] + E[log(1 - D(G(z)))]. Two pairs of networks can play it:

* ``classic``, the worked example that this program started from: a DCGAN (Radford et al. 2016) behind a ladder of dense layers, Adam at
  2e-4 with beta1 0.5. Its listing cannot run; what it means is built here, see ``nn/dcgan.py``.
* ``resize``: resized convolutions, no batch norm, relativistic pairing with approximate R1 + R2 (R3GAN, Huang et al. 2024; Seaweed APT,
  Lin et al. 2025), averaged weights, and augmentation that grows as the critic begins to know its pictures by heart (DiffAugment, Zhao
  et al. 2020; ADA, Karras et al. 2020). A tenth of the work for a picture, and much sooner good.

A step is cut into parts of a few pictures whose gradients add up, so that no slice is long.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
import torch
from msgspec import Meta
from torch import Tensor

from texgen_desktop.data.photos import Photo
from texgen_desktop.data.picture_batches import MOST_CLASSES, Batch, PictureSampler
from texgen_desktop.families import Family, Look, Region, RenderRequest, Seed, Slider, class_sliders, class_values
from texgen_desktop.imaging.naming import NamedDirection, are_distinct, direction_id, name_directions, unmeasured
from texgen_desktop.imaging.properties import Picture
from texgen_desktop.nn.adaptive import AdaptiveAugmentation, learnt_by_heart
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.classes import mixture, told
from texgen_desktop.nn.contact_sheet import Cells, cell_noise, contact_sheet
from texgen_desktop.nn.critics import DRIFT, NOISY_SIGMA
from texgen_desktop.nn.dcgan import LadderGenerator, StridedCritic
from texgen_desktop.nn.diff_augment import augment
from texgen_desktop.nn.directions import semantic_directions, steer
from texgen_desktop.nn.layers import frozen, placed, seeded, sizes_only
from texgen_desktop.nn.losses import GAN_LOSSES, GanLossName, smoothness
from texgen_desktop.nn.noise import stream
from texgen_desktop.nn.picture_nets import Painter, Reader
from texgen_desktop.nn.run_state import LossLog, RunState, check_finite, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

# Purposes of random streams within one training step.
_PICTURES, _NOISE, _CLASSES, _CHANGES, _SMOOTH, _HELD_OUT = range(6)


class ImageGanConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Pictures to learn from", extra={"unit": "pictures"})] = 50_000
    batch: Annotated[int, Meta(ge=2, le=128, description="Pictures in one training step", extra={"unit": "pictures"})] = 16
    side: Annotated[Literal["32", "64", "128"], Meta(description="Side of a picture", extra={"unit": "px"})] = "64"
    network: Annotated[Literal["resize", "classic"], Meta(description="Resized convolutions, or the classic DCGAN")] = "resize"
    loss: Annotated[GanLossName, Meta(description="What generator and critic are judged by")] = "relativistic"
    width: Annotated[int, Meta(ge=4, le=128, description="Channels: at half resolution, or of the classic ladder's first rung")] = 32
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.0005
    smoothness: Annotated[
        float, Meta(ge=0, le=100, description="Weight of the critic's gradient penalty at 32 px; it grows with the pixels")
    ] = 0.05
    augmentation: Annotated[
        Literal["adaptive", "none"], Meta(description="Change pictures at random as soon as the critic knows them by heart")
    ] = "adaptive"
    mirror: Annotated[bool, Meta(description="Learn from mirrored pictures too, where those look as natural")] = False


PRESETS = {
    "draft": ImageGanConfig(images=50_000, side="32"),
    "standard": ImageGanConfig(),
    "high": ImageGanConfig(images=400_000, width=48),
    "classic": ImageGanConfig(
        images=20_000,
        network="classic",
        loss="non-saturating",
        width=128,
        learning_rate=0.0002,
        smoothness=0.0,
        augmentation="none",
    ),
}

_CODE = {"resize": 64, "classic": 100}
_DIRECTIONS = 6
_UNTOLD = 0.25  # share of pictures whose class is kept back: what is untold is any class
_PENALTY_PART = 2
_PART_MAC = 1.9e9  # multiply-adds that a slice may take
_HELD_OUT_EVERY, _HELD_OUT_COUNT = 8, 8  # steps, pictures
_PROOF_ROWS, _PROOF_COLUMNS = 3, 4


def _networks(config: ImageGanConfig, classes: int) -> tuple[Painter | LadderGenerator, Reader | StridedCritic]:
    code, side = _CODE[config.network], int(config.side)
    if config.network == "classic":
        return LadderGenerator(code, classes, side, config.width), StridedCritic(side, config.width, classes)
    return Painter(code, classes, side, config.width), Reader(side, config.width, classes, 1)


def _multiply_adds(config: ImageGanConfig) -> tuple[int, int]:
    """Of generator and critic, for one picture."""
    with sizes_only():
        generator, critic = _networks(config, 0)
    return generator.multiply_adds(), critic.multiply_adds()


@dataclass(frozen=True)
class ImageGan:
    """Trained weights with all that rendering needs. Never changed once it is made."""

    config: ImageGanConfig
    classes: tuple[str, ...]
    generator: Painter | LadderGenerator
    directions: Tensor  # (D, code)
    named: tuple[NamedDirection, ...]
    device: torch.device

    @property
    def sliders(self) -> tuple[Slider, ...]:
        directions = [Slider(direction_id(n.direction), n.title, n.description) for n in self.named]
        return (*directions, *class_sliders(self.classes))

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
        }

    def tensors(self) -> dict[str, Tensor]:
        found = {f"generator.{name}": value for name, value in self.generator.state_dict().items()} | {"directions": self.directions}
        return portable(found)


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of ``ImageGan.header``: a file from a stranger has to fit it."""

    config: ImageGanConfig
    classes: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=MOST_CLASSES)]
    directions: Annotated[list[NamedDirection], Meta(max_length=_DIRECTIONS)]


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> ImageGan:
    """The model of a header and tensors that came out of ``ImageGan``. Raises msgspec.ValidationError, KeyError or RuntimeError."""
    told_header = msgspec.convert(header, _Header)
    if not are_distinct(told_header.directions, _DIRECTIONS):
        raise msgspec.ValidationError("unknown or repeated directions")
    generator, _ = _networks(told_header.config, len(told_header.classes))
    weights = dict(tensors)
    directions = weights.pop("directions")
    if directions.shape != (_DIRECTIONS, generator.code):
        raise RuntimeError("the directions do not fit the generator")
    generator.load_state_dict({name.removeprefix("generator."): value for name, value in weights.items()}, strict=True)
    named = tuple(told_header.directions)
    return ImageGan(told_header.config, tuple(told_header.classes), frozen(generator, device), directions.to(device), named, device)


@torch.inference_mode()
def render(model: ImageGan, request: RenderRequest) -> Tensor:
    """The requested region of the contact sheet: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region

    def draw(cells: Cells) -> Tensor:
        noise = cell_noise(look.layout_seed, 0, model.generator.code, cells, request.cells).to(model.device)
        # Codes nearer to the middle are more ordinary pictures (the truncation of Brock et al. 2019, by scaling).
        return _pictures(model, look, noise * look.layout_strength)

    return contact_sheet(region.y, region.x, region.height, region.width, model.cell_px, draw)


def _pictures(model: ImageGan, look: Look, codes: Tensor) -> Tensor:
    """(B, code) -> (B, 3, S, S) in [0, 1]."""
    values = codes.new_zeros(len(model.directions))
    for n in model.named:
        values[n.direction] = n.sign * look.value(direction_id(n.direction))
    codes = steer(codes, torch.zeros_like(codes[0]), model.directions, torch.ones_like(values), values)
    count = len(model.classes)
    shares = mixture(class_values(look, count)).to(codes) - 1 / max(count, 1)
    made: Tensor = model.generator(codes, shares.expand(len(codes), count))
    return ((made + 1) / 2).clamp(0, 1)


def prove(model: ImageGan) -> Slices[ImageGan]:
    """The model with those directions that have a name: what they were measured to change, see ``name_directions``."""
    side = model.cell_px
    region = Region(0, 0, _PROOF_ROWS * side, _PROOF_COLUMNS * side)
    untouched = replace(model, named=unmeasured(_DIRECTIONS))

    def draw(direction: int, position: float) -> Picture:
        look = Look().with_value(direction_id(direction), position)
        return render(untouched, RenderRequest(look, region)).permute(1, 2, 0).cpu().numpy()

    return replace(model, named=(yield from name_directions(unmeasured(_DIRECTIONS), side, draw)))


class Training:
    """A run: generator, critic, averages and optimisers. Implements ``families.Trainer``."""

    def __init__(self, config: ImageGanConfig, sampler: PictureSampler, seed: int, device: torch.device) -> None:
        self._config, self._sampler, self._seed, self._device = config, sampler, seed, device
        self.images_seen = 0
        self._loss = GAN_LOSSES[config.loss]
        with seeded(seed):
            self._generator, self._critic = _networks(config, len(sampler.classes))
        # The classic knows no averaging; its batch norm's statistics could not be averaged with the weights either.
        self._average = None if config.network == "classic" else frozen(copy.deepcopy(self._generator), device)
        betas = (0.5, 0.999) if config.network == "classic" else (0.0, 0.99)
        for network in (self._generator, self._critic):
            placed(network, device)
        self._generator_optimizer = adam(self._generator, config.learning_rate, betas)
        self._critic_optimizer = adam(self._critic, config.learning_rate, betas)
        self._adaptive = AdaptiveAugmentation(device) if config.augmentation == "adaptive" else None
        made, judged = self._generator.multiply_adds(), self._critic.multiply_adds()
        self._made_at_once = max(2, int(_PART_MAC / (2 * made)))  # a backward pass is two forward ones
        self._judged_at_once = max(1, int(_PART_MAC / (4 * judged)))  # and the critic sees pairs
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return -(-self._config.images // self._config.batch) * self._config.batch

    # ------------------------------------------------------------------------------------------------ one step

    def step(self) -> Slices[None]:
        self._anneal()
        batch = self._sampler.draw(self._stream(_PICTURES), self._config.batch)
        is_told = torch.rand(len(batch.labels), generator=self._stream(_CLASSES)) >= _UNTOLD
        condition = told(batch.labels, len(self._sampler.classes), is_told)
        codes = torch.randn(len(batch.labels), self._generator.code, generator=self._stream(_NOISE)).to(self._device)
        yield None
        made = []
        for part in _parts(len(codes), self._made_at_once):
            made.append(self._generator(codes[part], condition[part]))
            yield None
        pictures = torch.cat([part.detach() for part in made])
        on_real = yield from self._teach_critic(batch.pixels, pictures, condition)
        yield None
        yield from self._teach_generator(made, pictures, condition, on_real)
        if self._average is not None:
            average_into(self._average, self._generator, self._steps_done)
        if self._sampler.held_out_count and self._steps_done % _HELD_OUT_EVERY == 0:
            yield from self._look_at_held_out(batch, pictures, condition)
        self.images_seen += self._config.batch

    def _stream(self, purpose: int) -> torch.Generator:
        return stream(self._seed, self.images_seen, purpose)

    @property
    def _steps_done(self) -> int:
        return self.images_seen // self._config.batch

    def _anneal(self) -> None:
        """The full rate for half of the run, then a cosine down to a twentieth. The classic knows one rate only."""
        if self._config.network == "classic":
            return
        share = cosine(self.images_seen / self.images_total, 0.05, hold=0.5)
        for optimizer in (self._generator_optimizer, self._critic_optimizer):
            optimizer.param_groups[0]["lr"] = self._config.learning_rate * share

    def _changed(self, pictures: Tensor, dice: torch.Generator) -> Tensor:
        if self._adaptive is None:
            return pictures
        return augment(pictures, float(self._adaptive.probability), dice)

    def _teach_critic(self, real: Tensor, made: Tensor, condition: Tensor) -> Slices[Tensor]:
        """One step of the critic; hands on what it thought of the real pictures before that step."""
        dice, noise = self._stream(_CHANGES), self._stream(_SMOOTH)
        real, made = self._changed(real, dice), self._changed(made, dice)
        gamma = self._config.smoothness * (int(self._config.side) / 32) ** 2  # the more pixels, the more can push a score the same way
        scores: list[tuple[Tensor, Tensor]] = []
        loss_of_step, whole = torch.zeros((), device=self._device), torch.zeros((), device=self._device)
        self._critic_optimizer.zero_grad(set_to_none=True)
        for part in _parts(len(real), self._judged_at_once):
            share, told_twice = len(real[part]) / len(real), condition[part].repeat(2, 1)
            on_real, on_made = self._critic(torch.cat([real[part], made[part]]), told_twice).chunk(2)
            loss = share * self._loss.critic(on_real, on_made)
            loss_of_step += loss.detach()
            yield None
            if gamma > 0:
                if self._loss.rewards_any_lead:
                    # Holds a sure critic near scores that still tell the generator something: else its lead grows without end.
                    loss = loss + share * DRIFT * (on_real - on_made).square().mean()
                # Part of every step, if only for a part of the pictures: Adam without momentum takes a large gradient badly that comes
                # now and then.
                few = max(1, len(on_real) // _PENALTY_PART)
                seen = torch.cat([real[part][:few], made[part][:few]])
                noisy = seen + NOISY_SIGMA * torch.randn(seen.shape, generator=noise).to(self._device)
                before = torch.cat([on_real[:few], on_made[:few]])
                after = self._critic(noisy, condition[part][:few].repeat(2, 1))
                # A mean over both, where R1 + R2 is a sum of two means.
                loss = loss + 2 * share * smoothness(before, after, gamma, NOISY_SIGMA)
                yield None
            whole += loss.detach()
            loss.backward()
            scores.append((on_real.detach(), on_made.detach()))
            yield None
        self._note("critic", loss_of_step, whole)
        self._critic_optimizer.step()
        yield None
        all_real, all_made = torch.cat([s[0] for s in scores]), torch.cat([s[1] for s in scores])
        if self._adaptive is not None:
            share_of_run = self._config.batch / self.images_total
            self._adaptive.note(all_real, all_made, self._config.loss == "relativistic", share_of_run)
            self._log.note("augment p", self._adaptive.probability)
            self._log.note("overfitting sign", self._adaptive.sign)
        return all_real

    def _teach_generator(self, made: list[Tensor], pictures: Tensor, condition: Tensor, on_real: Tensor) -> Slices[None]:
        """One step of the generator: what the critic would change about each picture, then what that means for the weights."""
        pictures.requires_grad_(True)
        changed = self._changed(pictures, self._stream(_CHANGES))
        seen = changed.detach().requires_grad_(True)
        loss_of_step = torch.zeros((), device=self._device)
        self._critic.requires_grad_(False)
        for part in _parts(len(seen), 2 * self._judged_at_once):
            scores = self._critic(seen[part], condition[part])
            loss = len(scores) / len(seen) * self._loss.generator(scores, on_real[part])
            loss_of_step += loss.detach()
            loss.backward()
            yield None
        self._critic.requires_grad_(True)
        self._note("generator", loss_of_step, loss_of_step)
        changed.backward(seen.grad)
        wanted = pictures.grad
        assert wanted is not None
        self._generator_optimizer.zero_grad(set_to_none=True)
        for part, piece in zip(_parts(len(pictures), self._made_at_once), made, strict=True):
            piece.backward(wanted[part])
            yield None
        self._generator_optimizer.step()
        yield None

    @torch.no_grad()
    def _look_at_held_out(self, batch: Batch, made: Tensor, condition: Tensor) -> Slices[None]:
        """Notes how much better the critic thinks of pictures that it learns from than of some that it never sees."""
        dice = self._stream(_HELD_OUT)
        held_out = self._sampler.draw_held_out(dice, min(_HELD_OUT_COUNT, len(made)))
        count = len(held_out.labels)
        is_told = torch.ones(count, dtype=torch.bool)
        conditions = [told(batch.labels[:count], len(self._sampler.classes), is_told)]
        conditions += [told(held_out.labels, len(self._sampler.classes), is_told), condition[:count]]
        scores = []
        for seen, of in zip((batch.pixels[:count], held_out.pixels, made[:count]), conditions, strict=True):
            scores.append(self._critic(seen, of))
            yield None
        self._log.note("learnt by heart", learnt_by_heart(*scores))

    def _note(self, who: str, loss: Tensor, whole: Tensor) -> None:
        """``whole`` is the loss with its penalty. Raises NonFiniteLoss before a broken step reaches the weights."""
        check_finite(whole, f"the {who}'s loss", self.images_seen)
        self._log.note(who, loss)

    def take_losses(self) -> dict[str, float]:
        return self._log.take()

    def start_from(self, model: ImageGan) -> None:
        for network in filter(None, (self._generator, self._average)):
            take_over(network, model.generator.state_dict())

    def tune(self, config: ImageGanConfig) -> None:
        self._config = config

    # ------------------------------------------------------------------------------------- out of and into files

    def model(self) -> ImageGan:
        source = self._generator if self._average is None else self._average
        generator = frozen(copy.deepcopy(source), self._device)
        directions = semantic_directions(generator.code_weights(), _DIRECTIONS)
        return ImageGan(self._config, self._sampler.classes, generator, directions, unmeasured(_DIRECTIONS), self._device)

    def _run_state(self) -> RunState:
        networks = {"generator": self._generator, "critic": self._critic}
        if self._average is not None:
            networks["average"] = self._average
        optimizers = {
            "generator_adam": (self._generator_optimizer, self._generator),
            "critic_adam": (self._critic_optimizer, self._critic),
        }
        adaptive = self._adaptive
        return RunState(networks, optimizers, {} if adaptive is None else {"sign": adaptive.sign, "probability": adaptive.probability})

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def _parts(count: int, at_once: int) -> list[slice]:
    """Of nearly equal size; none of a single picture where there are more, which batch norm could not take."""
    pieces = -(-count // at_once)
    return [slice(k * count // pieces, (k + 1) * count // pieces) for k in range(pieces)]


def cost_gflop(config: ImageGanConfig) -> float:
    """Work of the whole schedule: forward and backward of generator and critic, by the size of their layers."""
    made, judged = _multiply_adds(config)
    # Critic: real and made, forward and backward, and both again in part for the penalty; generator: there and back through it.
    passes = 6 + (6 / _PENALTY_PART if config.smoothness > 0 else 0) + 2
    return config.images * 2 * (3 * made + passes * judged) / 1e9


def start(config: ImageGanConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices. Raises TexGenError where the pictures are too few or all the same."""
    sampler = yield from PictureSampler.prepared(photos, int(config.side), seed, device, mirror=config.mirror, hold_out=True)
    yield None
    return Training(config, sampler, seed, device)


FAMILY = Family(
    id="image_gan",
    title="Image GAN",
    description="Learns from a set of pictures, and makes new ones: an endless contact sheet.",
    config=ImageGanConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.5,
    crop_px=lambda config: int(config.side),
    makes="images",
)
