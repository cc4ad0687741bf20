"""A fully convolutional beta-VAE of textures, whose samples a critic has made sharp.

The encoder tells a code of each cell of 8 x 8 pixels and one of the whole crop; the decoder learns to draw the crop again. That alone
would draw a blur wherever a code can stand for several pictures. So later the decoder also draws with noise, from codes that are laid
out anew (TextureMixer, Yu et al. 2019), and critics compare it with crops of the photo. Without noise it goes on drawing the mean.

The evidence lower bound is in ``nn.likelihood`` (Kingma and Welling 2013; beta: Higgins et al. 2017; sigma: Rybkin et al. 2021), the
critics' losses in ``nn.losses``, the new layouts in ``nn.quilt``.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
import torch
import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor

from texgen_desktop.data.crops import BENDS, MEASURES, CropSampler, bend_matrix
from texgen_desktop.data.photos import Photo
from texgen_desktop.data.style import Style, StyleHeader
from texgen_desktop.families import Family, Look, RenderRequest, Seed, Slider, moved_slider
from texgen_desktop.imaging.colour import to_uint8
from texgen_desktop.nn.autoencoder import MARGIN_CELLS, STRIDE_PX, BlockAxes, Decoder, Encoder, begin_linear, surroundings
from texgen_desktop.nn.averaging import adam, average_into
from texgen_desktop.nn.critics import teach_critic
from texgen_desktop.nn.layers import frozen, halve, placed, seeded, sizes_only
from texgen_desktop.nn.likelihood import gaussian_kl, negative_elbo, optimal_sigma_nll, reparameterised
from texgen_desktop.nn.losses import GAN_LOSSES
from texgen_desktop.nn.noise import gaussian_field, stream
from texgen_desktop.nn.pyramid import Critic
from texgen_desktop.nn.quilt import Bank, quilt
from texgen_desktop.nn.run_state import LossLog, RunState, portable
from texgen_desktop.nn.schedule import cosine
from texgen_desktop.nn.warm_start import take_over
from texgen_desktop.slices import Slices

_Network = TypeVar("_Network", bound=torch.nn.Module)

_PROOF_SIDE_PX = 256

# Purposes of random streams within one training step.
_CROPS, _CODES, _REALS, _LAYOUTS, _DETAIL, _SMOOTH = range(6)


class TextureVaeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Crops of the photo to learn from", extra={"unit": "crops"})] = 16_000
    batch: Annotated[int, Meta(ge=2, le=16, description="Crops in one training step", extra={"unit": "crops"})] = 4
    local: Annotated[int, Meta(ge=2, le=64, description="Numbers in the code of 8 × 8 pixels; more for sharper, fewer for freer")] = 16
    whole: Annotated[int, Meta(ge=2, le=32, description="Numbers in the code of a whole crop")] = 6
    width: Annotated[int, Meta(ge=8, le=256, description="Channels of the networks where they are widest")] = 128
    critic_width: Annotated[int, Meta(ge=8, le=128, description="Channels of the critics")] = 48
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.001
    beta: Annotated[
        float,
        Meta(ge=0, le=100, description="Weight of the codes' cost; more for simpler codes, less for nearer copies", extra={"live": True}),
    ] = 1.0
    smoothness: Annotated[float, Meta(ge=0, le=10, description="Weight of the critics' gradient penalty")] = 0.2


PRESETS = {
    "draft": TextureVaeConfig(images=5_000, width=96),
    "standard": TextureVaeConfig(),
    "high": TextureVaeConfig(images=80_000, width=144, critic_width=64),
}

_CROP_CELLS = 12
_SOURCE_CELLS = 20  # of the crops whose codes are laid out anew
_MOST_CELLS = 4096  # of all photos together: they are read again for each place of the bending sliders, in about 60 ms
_MOST_OWN_CELLS = 9216  # of a photo that the artist hands in
_LEVELS = 3
_FAKE_CELLS = (16, 12, 8)  # of the tori that the critics see, from a quarter of the resolution to the full one
_TURNS = (2, 1, 2, 0)  # which of the three learns
_WARM_UP = 0.1  # share of the run over which the codes get their full price
_SHARPEN_FROM = 0.35  # share of the run from which critics judge
_ADVERSARIAL = 0.1
_LOSS = GAN_LOSSES["relativistic"]
_STRAIGHT_RATE = 0.05  # of the learning rate, for the linear paths: a code adds up 768 numbers, and at the full rate some runs blew up
_MOST_GRADIENT = 1.0  # norm, of all networks; usual are 0.3 to 2


def _widths(config: TextureVaeConfig) -> tuple[int, int, int]:
    return config.width, config.width // 2, config.width // 4


_BLURS_FROM = 1.2  # pixels of the photo for one of a bent photo, from which it is halved by half an octave first
_VARIATION = Slider("variation", "Variation", "The photo itself to the left, something new of its kind to the right.")


def _encoder_width(config: TextureVaeConfig) -> int:
    return config.width * 3 // 4 // 3 * 3


def _decoder(config: TextureVaeConfig) -> Decoder:
    return Decoder(config.local + config.whole, 1, _widths(config))


def _steps(config: TextureVaeConfig) -> int:
    return -(-config.images // config.batch)


@dataclass(frozen=True)
class _Reading:
    """The codes of photos, bent in one way."""

    bank: Bank
    """Of each cell the local code and that of the whole, less their means."""
    middle: Tensor
    """(local + whole,): the means."""
    directions: Tensor
    """(measured axes, whole): what the code of the whole gains with a unit of each."""


class _Album:
    """Photos, and the encoder that reads them. The last reading is kept: while the other sliders move nothing is read again."""

    def __init__(self, photos: Sequence[Tensor], encoder: Encoder, style: Style, device: torch.device) -> None:
        self.photos = tuple(photos)  # (H, W, 3) uint8, on the CPU
        self._encoder, self._palette, self._device = encoder, style.palette, device
        self._measures = [(axis, MEASURES[axis.id]) for axis in style.axes if axis.id in MEASURES]
        self._last: tuple[tuple[float, ...], _Reading] | None = None

    @torch.no_grad()
    def reading(self, bends: tuple[float, ...]) -> _Reading:
        if self._last is None or self._last[0] != bends:
            pictures = [self._bent(photo, bends) for photo in self.photos]
            self._last = (bends, self._read(pictures))
        return self._last[1]

    def _bent(self, photo: Tensor, bends: tuple[float, ...]) -> Tensor:
        """The photo in palette coordinates, cut to whole cells: (1, 3, H, W)."""
        picture = self._palette.encode(photo.to(self._device).permute(2, 0, 1)[None].float() / 255)
        height, width = picture.shape[-2:]
        if any(bends):
            # The largest rectangle of the same shape that, bent, lies within the photo; never of more pixels than are read in time.
            (xx, xy), (yx, yy) = bend_matrix(*bends)
            most = min(1.0, math.sqrt(_MOST_CELLS * STRIDE_PX**2 / (height * width)))
            share = min(width / (abs(xx) * width + abs(xy) * height), height / (abs(yx) * width + abs(yy) * height), most)
            rows, columns = (max(1, int(share * n / STRIDE_PX)) * STRIDE_PX for n in (height, width))
            theta = torch.tensor([[xx * columns / width, xy * rows / width, 0.0], [yx * columns / height, yy * rows / height, 0.0]])
            if math.sqrt(abs(xx * yy - xy * yx)) > _BLURS_FROM:
                size = [max(2, round(n * 2**-0.5)) for n in (height, width)]
                picture = F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False)
            grid = F.affine_grid(theta[None].to(picture), [1, 3, rows, columns], align_corners=False)
            return F.grid_sample(picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
        return picture[..., : height // STRIDE_PX * STRIDE_PX, : width // STRIDE_PX * STRIDE_PX]

    def _read(self, pictures: Sequence[Tensor]) -> _Reading:
        codes = [self._encoder.read(picture)[0].flatten(1).T for picture in pictures]
        sizes = tuple((picture.shape[-2] // STRIDE_PX, picture.shape[-1] // STRIDE_PX) for picture in pictures)
        told, about = torch.cat(codes), torch.cat([self._measured(picture) for picture in pictures])
        middle, local = told.mean(0), self._encoder.local
        told, about = told - middle, about - about.mean(0)
        # Least squares, with a grain of doubt where a photo hardly varies.
        gram = about.T @ about + 1e-3 * len(about) * torch.eye(about.shape[-1], device=about.device)
        return _Reading(Bank(told.cpu(), sizes), middle, torch.linalg.solve(gram, about.T @ told[:, local:]))

    def _measured(self, picture: Tensor) -> Tensor:
        """The measured axes of the surroundings of each cell: (cells, axes)."""
        colours = surroundings(F.avg_pool2d(self._palette.decode(picture), STRIDE_PX))[0].flatten(1)  # (3, cells)
        found = [(colours.new_tensor(weights) @ colours - axis.middle) / axis.spread for axis, weights in self._measures]
        return torch.stack(found, 1) if found else colours.new_zeros(colours.shape[1], 0)


def _part(photo: Photo, most_cells: float) -> Tensor:
    """The middle of a photo, of at most so many cells: (H, W, 3) uint8."""
    height, width = photo.pixels.shape[:2]
    share = min(1.0, math.sqrt(most_cells * STRIDE_PX**2 / (height * width)))
    rows, columns = (max(STRIDE_PX, int(n * share)) for n in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    return torch.from_numpy(to_uint8(photo.pixels[top : top + rows, left : left + columns]))


@dataclass(frozen=True)
class TextureVae:
    """Trained weights and photos, with all that rendering needs. Never changed once it is made."""

    config: TextureVaeConfig
    style: Style
    encoder: Encoder
    decoder: Decoder
    album: _Album
    groups: tuple[str, ...]
    """Of each photo the axis of its group, or nothing."""
    device: torch.device

    is_own: bool = False
    """Whether the photo is one that the artist handed in: how much is left of it is a slider then."""

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """Those of the style; of a photo of one's own its variation comes first, and there are no others to mix it with."""
        shown = replace(self.style, axes=tuple(axis for axis in self.style.axes if not (self.is_own and axis.group)))
        return (_VARIATION,) * self.is_own + tuple(Slider(*words) for words in shown.words)

    @property
    def seeds(self) -> tuple[Seed, ...]:
        return ("layout", "detail")

    @property
    def cell_px(self) -> int:
        return STRIDE_PX

    @property
    def level_count(self) -> int:
        return _LEVELS

    def header(self) -> dict[str, Any]:
        return {
            "config": msgspec.to_builtins(self.config),
            **self.style.header(),
            "groups": list(self.groups),
            "is_own": self.is_own,
        }

    def tensors(self) -> dict[str, Tensor]:
        found = {f"photo.{k}": photo for k, photo in enumerate(self.album.photos)}
        for part, network in (("encoder", self.encoder), ("decoder", self.decoder)):
            found |= {f"{part}.{name}": value for name, value in network.state_dict().items()}
        return portable(found)


class _Header(StyleHeader):
    """The shape of ``TextureVae.header``: a file from a stranger has to fit it."""

    config: TextureVaeConfig
    groups: Annotated[tuple[str, ...], Meta(min_length=1, max_length=10_000)]
    is_own: bool = False


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TextureVae:
    """The model of a header and tensors that came out of ``TextureVae``. Raises msgspec.ValidationError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    style, known = Style.opened(told), {axis.id for axis in told.style}
    if not known >= {*BENDS, *told.groups} - {""}:
        raise msgspec.ValidationError("missing style axes")
    rest = dict(tensors)
    photos = [rest.pop(f"photo.{k}", None) for k in range(len(told.groups))]
    if any(p is None or p.dim() != 3 or p.shape[-1] != 3 or p.dtype != torch.uint8 or min(p.shape[:2]) < STRIDE_PX for p in photos):
        raise RuntimeError("a photo is missing or is none")
    config = told.config
    networks = torch.nn.ModuleDict({"encoder": Encoder(_encoder_width(config), config.local, config.whole), "decoder": _decoder(config)})
    networks.load_state_dict(rest, strict=True)
    return _model(config, style, networks, [p for p in photos if p is not None], told.groups, device, told.is_own)


def _model(
    config: TextureVaeConfig, style: Style, networks: torch.nn.ModuleDict, photos: Sequence[Tensor], groups: tuple[str, ...],
    device: torch.device, is_own: bool = False,
) -> TextureVae:  # fmt: skip
    placed_networks = frozen(networks, device)
    encoder, decoder = placed_networks["encoder"], placed_networks["decoder"]
    assert isinstance(encoder, Encoder)
    assert isinstance(decoder, Decoder)
    return TextureVae(config, style, encoder, decoder, _Album(photos, encoder, style, device), groups, device, is_own)


@torch.inference_mode()
def render(model: TextureVae, request: RenderRequest) -> Tensor:
    """The requested region: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region
    grain = STRIDE_PX >> request.skip_levels
    # Grown to whole cells, and cropped at the end.
    top, left = region.y // grain, region.x // grain
    rows, columns = -(-(region.y + region.height) // grain) - top, -(-(region.x + region.width) // grain) - left
    place = (top - MARGIN_CELLS, left - MARGIN_CELLS, rows + 2 * MARGIN_CELLS, columns + 2 * MARGIN_CELLS)
    style = torch.tensor([[look.detail_strength]], dtype=torch.float32, device=model.device)

    def noise(octave: int, y: int, x: int, height: int, width: int) -> Tensor:
        periods = tuple(None if cells is None else cells * STRIDE_PX >> octave for cells in request.cells)
        field = gaussian_field(
            look.detail_seed, octave, model.decoder.noise_channels(octave), y, x, height, width, (periods[0], periods[1])
        )
        return look.detail_strength * field.to(model.device)

    codes = _codes(model, look, place, request.cells)
    picture = model.decoder(codes, style, noise, (top, left), skip=request.skip_levels)[-1]
    dy, dx = region.y - grain * top, region.x - grain * left
    return model.style.palette.decode(picture[..., dy : dy + region.height, dx : dx + region.width])[0]


def _codes(model: TextureVae, look: Look, place: tuple[int, int, int, int], cells: tuple[int | None, int | None]) -> Tensor:
    """The codes of a rectangle of cells as the look wants them: (1, local + whole, height, width)."""
    values = model.style.values(look.value)
    reading = model.album.reading(tuple(values[name] for name in BENDS))
    freedom = 0.5 + 0.5 * look.value(_VARIATION.id) if model.is_own else 1.0
    shares = [size * _liking(values.get(group, 0.0)) for size, group in zip(reading.bank.cells, model.groups, strict=True)]
    found = quilt(reading.bank, look.layout_seed, place, cells, freedom, shares if any(shares) else None).to(model.device)
    local, whole = found.split([model.config.local, model.config.whole], 1)
    measured = torch.tensor([values[axis.id] for axis in model.style.axes if axis.id in MEASURES], dtype=torch.float32, device=model.device)
    moved = torch.cat([look.layout_strength * local, whole + (measured @ reading.directions)[None, :, None, None]], 1)
    return moved + reading.middle[None, :, None, None]


def _liking(value: float) -> float:
    """How many times as often as its size asks for a group is laid out: never at -1, as often at 0, most of all at 1."""
    return (1 + value) / (1.05 - value)


@torch.inference_mode()
def reconstructed(model: TextureVae, crops: Tensor, detail_strength: float = 0.0) -> Tensor:
    """Crops (B, 3, 8 h, 8 w), sRGB-encoded in [0, 1], as they are drawn from the means of their codes: of each, h * w local ones and one of
    the whole. With a detail strength of 0 this is the mean of what a code may stand for, with 1 a likely picture."""
    q = model.encoder.posterior(model.style.palette.encode(crops.to(model.device)))
    codes = torch.cat([q.local_mean, q.whole_mean.expand(-1, -1, *q.local_mean.shape[-2:])], 1)

    def noise(octave: int, y: int, x: int, height: int, width: int) -> Tensor:
        field = gaussian_field(0, octave, model.decoder.noise_channels(octave), y, x, height, width)
        return (detail_strength * field).expand(len(crops), -1, -1, -1).to(model.device)

    style = torch.full((len(crops), 1), detail_strength, device=model.device)
    return model.style.palette.decode(model.decoder(codes, style, noise, border="replicate")[-1])


def encode(model: TextureVae, photo: Photo) -> Slices[TextureVae]:
    """The model with this photo as the middle of its sliders: its codes are all that pictures are made of."""
    part = _part(photo, _MOST_OWN_CELLS)
    yield None
    album = _Album([part], model.encoder, model.style, model.device)
    album.reading((0.0,) * len(BENDS))
    yield None
    return replace(model, album=album, groups=("",), is_own=True)


# --------------------------------------------------------------------------------------------------------------- proofs


def prove(model: TextureVae) -> Slices[TextureVae]:
    """The model with only those sliders that hold what their names say."""
    draw = moved_slider(lambda request: render(model, request), _PROOF_SIDE_PX, _PROOF_SIDE_PX // STRIDE_PX)
    return replace(model, style=(yield from model.style.proven(draw)))


# ------------------------------------------------------------------------------------------------------------- training


class Training:
    """A run: encoder and decoder, their averages, critics, their optimisers. Implements ``families.Trainer``."""

    def __init__(
        self,
        config: TextureVaeConfig,
        sampler: CropSampler,
        photos: Sequence[Tensor],
        block_axes: BlockAxes,
        seed: int,
        device: torch.device,
    ) -> None:
        self._config, self._seed, self._device = config, seed, device
        self.images_seen = 0
        self._sampler, self._photos = sampler, photos
        with seeded(seed):
            self._encoder = Encoder(_encoder_width(config), config.local, config.whole)
            self._decoder = _decoder(config)
            self._critics = torch.nn.ModuleList(
                Critic(config.critic_width // 2, config.critic_width, len(sampler.axes)) for _ in range(_LEVELS)
            )
        self._weights = block_axes.weights
        begin_linear(self._encoder, self._decoder, block_axes)
        self._networks = torch.nn.ModuleDict({"encoder": self._encoder, "decoder": self._decoder})
        self._average = frozen(copy.deepcopy(self._networks), device)
        for network in (self._networks, self._critics):
            placed(network, device)
        straight = [self._encoder.linear.weight, self._decoder.linear.weight]
        deep = [p for p in self._networks.parameters() if all(p is not other for other in straight)]
        groups: list[dict[str, Any]] = [{"params": deep}, {"params": straight}]
        self._optimizer = torch.optim.Adam(groups, config.learning_rate, (0.5, 0.99), fused=True)
        self._critic_optimizers = [adam(critic, config.learning_rate) for critic in self._critics]
        self._log = LossLog()

    @property
    def images_total(self) -> int:
        return _steps(self._config) * self._config.batch

    @property
    def _progress(self) -> float:
        return self.images_seen / self.images_total

    # ------------------------------------------------------------------------------------------------ one step

    def step(self) -> Slices[None]:
        step = self.images_seen // self._config.batch
        self._anneal()
        self._optimizer.zero_grad(set_to_none=True)
        crops = self._sampler.draw(
            stream(self._seed, self.images_seen, _CROPS), _LEVELS - 1, self._config.batch, _CROP_CELLS * STRIDE_PX
        ).patches
        yield None
        loss = self._evidence(crops)
        yield None
        loss.backward()
        yield None
        if self._progress >= _SHARPEN_FROM:
            yield from self._sharpen(_TURNS[step % len(_TURNS)])
        torch.nn.utils.clip_grad_norm_(self._networks.parameters(), _MOST_GRADIENT)
        self._optimizer.step()
        average_into(self._average, self._networks, step)
        self.images_seen += self._config.batch

    def _anneal(self) -> None:
        """The full rate for half of the run, then a cosine down to a twentieth."""
        share = cosine(self._progress, 0.05, hold=0.5)
        for optimizer in (self._optimizer, *self._critic_optimizers):
            for group, part in zip(optimizer.param_groups, (1.0, _STRAIGHT_RATE), strict=False):
                group["lr"] = self._config.learning_rate * share * part

    def _evidence(self, crops: Tensor) -> Tensor:
        """The negative evidence lower bound of the crops, of each number in them."""
        generator = stream(self._seed, self.images_seen, _CODES)
        q = self._encoder.posterior(crops)
        local = reparameterised(q.local_mean, q.local_log_variance, self._normal(q.local_mean.shape, generator))
        whole = reparameterised(q.whole_mean, q.whole_log_variance, self._normal(q.whole_mean.shape, generator))
        codes = torch.cat([local, whole.expand(-1, -1, *local.shape[-2:])], 1)
        quarter, half, full = self._draw(codes, None)
        # Half-way between the palette, which blows its lesser axes up, and the pixels: by the pixels' own error the codes of leaves kept
        # 2 % of their second colour axis; this way they keep 63 %, for 0.16 dB.
        nll = optimal_sigma_nll(self._weights * crops, self._weights * full)
        kl = gaussian_kl(q.local_mean, q.local_log_variance).sum() + gaussian_kl(q.whole_mean, q.whole_log_variance).sum()
        self._note("reconstruction", nll)
        self._note("cost of codes", kl / crops.numel())
        beta = self._config.beta * min(1.0, self._progress / _WARM_UP)
        return negative_elbo(nll, kl, crops.numel(), beta) + _echo(quarter, half, full)

    def _draw(self, codes: Tensor, generator: torch.Generator | None) -> list[Tensor]:
        """Pictures of a batch of codes; with noise on a torus, without it as crops."""
        style = codes.new_full((len(codes), 1), 0.0 if generator is None else 1.0)

        def noise(octave: int, _y: int, _x: int, height: int, width: int) -> Tensor:
            shape = (len(codes), self._decoder.noise_channels(octave), height, width)
            return codes.new_zeros(shape) if generator is None else self._normal(shape, generator)

        pictures: list[Tensor] = self._decoder(codes, style, noise, border="replicate" if generator is None else "circular")
        return pictures

    def _normal(self, shape: Sequence[int], generator: torch.Generator) -> Tensor:
        return torch.randn(*shape, generator=generator).to(self._device)

    def _sharpen(self, level: int) -> Slices[None]:
        """One step of a critic, and its say on the codes of crops that were laid out anew."""
        crops = self._sampler.draw(stream(self._seed, self.images_seen, _REALS), _LEVELS - 1, self._config.batch, _SOURCE_CELLS * STRIDE_PX)
        cells, octaves = _FAKE_CELLS[level], _LEVELS - 1 - level
        yield None
        codes = self._laid_out(self._encoder.read(crops.patches), cells)
        yield None
        quarter, half, full = self._draw(codes, stream(self._seed, self.images_seen, _DETAIL))
        echo = _echo(quarter, half, full)
        real, fake = crops.patches[..., : cells * STRIDE_PX, : cells * STRIDE_PX], full
        for _ in range(octaves):
            real, fake = halve(real), halve(fake)
        yield None
        on_real = yield from self._teach_critic(level, real, fake.detach(), crops.style)
        critic = self._critics[level]
        critic.requires_grad_(False)
        loss = _LOSS.generator(critic(fake, crops.style), on_real)
        self._note(f"decoder 1/{2**octaves}", loss)
        (_ADVERSARIAL * loss + echo).backward()
        critic.requires_grad_(True)
        yield None

    def _laid_out(self, codes: Tensor, cells: int) -> Tensor:
        """The codes of each crop in a new layout, on a torus: (B, local + whole, cells, cells)."""
        generator = stream(self._seed, self.images_seen, _LAYOUTS)
        size, made = (codes.shape[-2], codes.shape[-1]), []
        for field in codes.flatten(2).transpose(1, 2).cpu():  # (cells, channels)
            middle = field.mean(0)
            seed = int(torch.randint(1 << 62, (), generator=generator))
            laid = quilt(Bank(field - middle, (size,)), seed, (0, 0, cells, cells), (cells, cells))
            made.append(laid + middle[None, :, None, None])
        return torch.cat(made).to(self._device)

    def _teach_critic(self, level: int, real: Tensor, fake: Tensor, style: Tensor) -> Slices[Tensor]:
        """One step of the level's critic; hands on what it thought of the real crops before that step."""
        return teach_critic(
            self._critics[level],
            self._critic_optimizers[level],
            real,
            fake,
            style,
            loss=_LOSS,
            gamma=self._config.smoothness,
            smoothed=max(1, len(real) // 2),
            dice=stream(self._seed, self.images_seen, _SMOOTH),
            note=partial(self._note, f"critic 1/{2 ** (_LEVELS - 1 - level)}"),
        )

    def _note(self, name: str, loss: Tensor) -> None:
        """Sums a loss on the device. Raises NonFiniteLoss before a broken step reaches the weights."""
        self._log.note_loss(name, loss, self.images_seen)

    def take_losses(self) -> dict[str, float]:
        return dict(sorted(self._log.take().items()))  # level by level, whichever was trained first

    def start_from(self, model: TextureVae) -> None:
        for networks in (self._networks, self._average):
            take_over(networks["encoder"], model.encoder.state_dict())
            take_over(networks["decoder"], model.decoder.state_dict())

    def tune(self, config: TextureVaeConfig) -> None:
        self._config = config

    # ------------------------------------------------------------------------------------- out of and into files

    def model(self) -> TextureVae:
        networks, sampler = copy.deepcopy(self._average), self._sampler
        return _model(self._config, sampler.style, networks, self._photos, sampler.groups, self._device)

    def _run_state(self) -> RunState:
        optimizers: dict[str, tuple[torch.optim.Adam, torch.nn.Module]] = {"adam": (self._optimizer, self._networks)}
        optimizers |= {f"critic_adam.{k}": (self._critic_optimizers[k], self._critics[k]) for k in range(_LEVELS)}
        return RunState({"networks": self._networks, "average": self._average, "critics": self._critics}, optimizers)

    def state(self) -> dict[str, Tensor]:
        return self._run_state().tensors()

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self._run_state().load(tensors)
        self.images_seen = images_seen
        self._log.take()


def _echo(quarter: Tensor, half: Tensor, full: Tensor) -> Tensor:
    """How far the two coarser pictures are from the full one; it teaches their own two layers alone."""
    halved = halve(full.detach())
    return (half - halved).square().mean() + (quarter - halve(halved)).square().mean()


def cost_gflop(config: TextureVaeConfig) -> float:
    """Work of the whole schedule: forward and backward of all networks, by the size of their layers."""
    with sizes_only():
        encoder = Encoder(_encoder_width(config), config.local, config.whole)
        decoder, critic = _decoder(config), Critic(config.critic_width // 2, config.critic_width, 4)
    down = [layer.weight.numel() for layer in encoder.down if isinstance(layer, torch.nn.Conv2d)]
    encoding = down[0] / 4 + down[1] / 16 + (down[2] + encoder.body.weight.numel() + encoder.leave.weight.numel()) / 64
    entry, *body = [layer.weight.numel() for layer in critic.body if isinstance(layer, torch.nn.Conv2d)]
    crop = (_CROP_CELLS * STRIDE_PX) ** 2
    drawn_again = config.batch * crop * 3 * (encoding + decoder.multiply_adds())
    judged = len(_TURNS) * config.batch * (_SOURCE_CELLS * STRIDE_PX) ** 2 * encoding
    for level in _TURNS:
        side = _FAKE_CELLS[level] * STRIDE_PX
        seen = side >> (_LEVELS - 1 - level)
        # Critic: real and fake, forward and backward, and half of them again for the penalty; decoder: once through it.
        judged += config.batch * (3 * decoder.multiply_adds() * side**2 + 12 * (entry * seen**2 + sum(body) * (seen / 2 - 3) ** 2))
    return _steps(config) * 2e-9 * (drawn_again + (1 - _SHARPEN_FROM) * judged / len(_TURNS))


def start(config: TextureVaeConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[Training]:
    """A run before its first step, in slices."""
    sampler = yield from CropSampler.prepared(photos, _LEVELS, _SOURCE_CELLS * STRIDE_PX >> (_LEVELS - 1), device)
    parts, blocks = [], []
    for photo in photos:
        yield None
        parts.append(_part(photo, max(1.0, _MOST_CELLS / len(photos))))
        blocks.append(sampler.palette.encode(parts[-1].to(device).permute(2, 0, 1)[None].float() / 255))
    yield None
    scales = torch.tensor(sampler.palette.scales, dtype=torch.float32, device=device)[:, None, None]
    block_axes = BlockAxes.of(blocks, (scales / scales[0]).sqrt())
    yield None
    return Training(config, sampler, parts, block_axes, seed, device)


FAMILY = Family(
    id="texture_vae",
    title="Texture VAE",
    description="Reads photos into codes and draws them again: for variations of a photo, and for seamless tiles of the photo itself.",
    config=TextureVaeConfig,
    presets=PRESETS,
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=cost_gflop,
    efficiency=0.37,
    crop_px=lambda config: _SOURCE_CELLS * STRIDE_PX,
    encode=encode,
)
