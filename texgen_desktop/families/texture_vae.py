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
from collections.abc import Generator as Slices
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import msgspec
import torch
import torch.nn.functional as F
from msgspec import Meta
from torch import Tensor

from texgen_desktop.data.crops import AXIS_WORDS, BENDS, MEASURES, CropSampler, StyleAxis, bend_matrix
from texgen_desktop.data.palette import Palette
from texgen_desktop.data.photos import Photo
from texgen_desktop.errors import NonFiniteLoss
from texgen_desktop.families import Family, Look, Region, RenderRequest, Seed, Slider
from texgen_desktop.imaging.properties import Picture
from texgen_desktop.imaging.slider_proof import HOLDS_FROM, slider_proofs
from texgen_desktop.nn.autoencoder import ENCODER_MARGIN_CELLS, MARGIN_CELLS, STRIDE_PX, Decoder, Encoder, begin_linear
from texgen_desktop.nn.averaging import adam_tensors, average_into, load_adam
from texgen_desktop.nn.layers import halve, placed
from texgen_desktop.nn.likelihood import gaussian_kl, negative_elbo, optimal_sigma_nll, reparameterised
from texgen_desktop.nn.losses import relativistic, smoothness
from texgen_desktop.nn.noise import gaussian_field, stream
from texgen_desktop.nn.pyramid import Critic
from texgen_desktop.nn.quilt import Bank, Bend, quilt

_Network = TypeVar("_Network", bound=torch.nn.Module)

_PROOF_SIDE_PX = 256

# Purposes of random streams within one training step.
_CROPS, _CODES, _REALS, _LAYOUTS, _DETAIL, _SMOOTH = range(6)


class TextureVaeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be set of a run; every schedule is a function of the share of ``images`` that was seen."""

    images: Annotated[int, Meta(ge=16, le=100_000_000, description="Crops of the photo to learn from", extra={"unit": "crops"})] = 16_000
    batch: Annotated[int, Meta(ge=2, le=16, description="Crops in one training step", extra={"unit": "crops"})] = 4
    local: Annotated[int, Meta(ge=2, le=64, description="Numbers in the code of 8 × 8 pixels; more for sharper, fewer for freer")] = 12
    whole: Annotated[int, Meta(ge=2, le=32, description="Numbers in the code of a whole crop")] = 6
    width: Annotated[int, Meta(ge=8, le=256, description="Channels of the networks where they are widest")] = 128
    critic_width: Annotated[int, Meta(ge=8, le=128, description="Channels of the critics")] = 48
    learning_rate: Annotated[float, Meta(gt=0, le=0.1, description="Step size of Adam until it is annealed")] = 0.001
    beta: Annotated[
        float, Meta(ge=0, le=100, description="Weight of the codes' cost; more for simpler codes, less for nearer copies", extra={"live": True})
    ] = 1.0
    smoothness: Annotated[float, Meta(ge=0, le=10, description="Weight of the critics' gradient penalty")] = 0.06


PRESETS = {
    "draft": TextureVaeConfig(images=5_000, width=96),
    "standard": TextureVaeConfig(),
    "high": TextureVaeConfig(images=80_000, width=160, critic_width=64),
}

_CROP_CELLS = 12
_BENT_CELLS = 6  # of a crop, drawn anew from bent codes
_WINDOW_CELLS = 13  # over which a photo's codes are averaged for its code of the whole, about a crop
_TILE_CELLS = 16  # of a photo, encoded at a time
_MOST_CELLS = 60_000  # of all photos together
_LEVELS = 3
_FAKE_CELLS = (16, 12, 8)  # of the tori that the critics see, from a quarter of the resolution to the full one
_TURNS = (2, 1, 2, 0)  # which of the three learns
_WARM_UP = 0.1  # share of the run over which the codes get their full price
_SHARPEN_FROM = 0.35  # share of the run from which critics judge
_ADVERSARIAL = 0.1
_NOISY_SIGMA = 0.1
_DRIFT = 0.02


def _widths(config: TextureVaeConfig) -> tuple[int, int, int]:
    return config.width, config.width // 2, config.width // 4


def _encoder_width(config: TextureVaeConfig) -> int:
    return config.width * 3 // 4 // 3 * 3


def _decoder(config: TextureVaeConfig) -> Decoder:
    return Decoder(config.local + config.whole, len(BENDS) + 1, _widths(config))


def _steps(config: TextureVaeConfig) -> int:
    return -(-config.images // config.batch)


@dataclass(frozen=True)
class TextureVae:
    """Trained weights and the photos' codes, with all that rendering needs. Never changed once it is made."""

    config: TextureVaeConfig
    palette: Palette
    axes: tuple[StyleAxis, ...]
    encoder: Encoder
    decoder: Decoder
    bank: Bank
    """Of each cell the local code, that of the whole, and the measured axes; less their means."""
    middle: Tensor
    """(local + whole,): the codes' means."""
    directions: Tensor
    """(measured axes, whole): what the code of the whole gains with each."""
    device: torch.device

    is_own: bool = False
    """Whether the bank is a photo that the artist handed in: how much is left of it is a slider then."""
    unproven: frozenset[str] = frozenset()
    """Axes without a slider, which stay in the middle: they were measured and do not change what they name."""

    @property
    def sliders(self) -> tuple[Slider, ...]:
        own = (Slider("variation", "Variation", "The photo itself to the left, something new of its kind to the right."),) if self.is_own else ()
        return own + tuple(Slider(axis.id, *AXIS_WORDS[axis.id]) for axis in self.axes if axis.id not in self.unproven)

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
            "palette": {"mean": list(self.palette.mean), "axes": [list(a) for a in self.palette.axes], "scales": list(self.palette.scales)},
            "style": [{"id": a.id, "middle": a.middle, "spread": a.spread} for a in self.axes],
            "photos": [list(size) for size in self.bank.sizes],
            "is_own": self.is_own,
            "unproven": sorted(self.unproven),
        }

    def tensors(self) -> dict[str, Tensor]:
        found = {"bank": self.bank.codes, "middle": self.middle, "directions": self.directions}
        for part, network in (("encoder", self.encoder), ("decoder", self.decoder)):
            found |= {f"{part}.{name}": value for name, value in network.state_dict().items()}
        return {name: value.detach().cpu().contiguous() for name, value in found.items()}


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """The shape of ``TextureVae.header``: a file from a stranger has to fit it."""

    class Axis(msgspec.Struct, forbid_unknown_fields=True):
        id: str
        middle: float
        spread: float

    config: TextureVaeConfig
    palette: Palette
    style: Annotated[list[Axis], Meta(max_length=len(AXIS_WORDS))]
    photos: Annotated[list[tuple[Annotated[int, Meta(ge=1, le=100_000)], Annotated[int, Meta(ge=1, le=100_000)]]], Meta(max_length=10_000)]
    is_own: bool = False
    unproven: Annotated[list[str], Meta(max_length=len(AXIS_WORDS))] = []


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TextureVae:
    """The model of a header and tensors that came out of ``TextureVae``. Raises msgspec.ValidationError or RuntimeError."""
    told = msgspec.convert(header, _Header)
    axes = tuple(StyleAxis(a.id, a.middle, a.spread) for a in told.style)
    if [a.id for a in axes[: len(BENDS)]] != list(BENDS) or len({a.id for a in axes}) < len(axes):
        raise msgspec.ValidationError("unknown or repeated style axes")
    if not {a.id for a in axes[len(BENDS) :]} <= MEASURES.keys() or not set(told.unproven) <= {a.id for a in axes}:
        raise msgspec.ValidationError("unknown style axes")
    config, measured = told.config, len(axes) - len(BENDS)
    codes = config.local + config.whole
    shapes = {
        "bank": (sum(h * w for h, w in told.photos), codes + measured),
        "middle": (codes,),
        "directions": (measured, config.whole),
    }
    for name, shape in shapes.items():
        if name not in tensors or tuple(tensors[name].shape) != shape or tensors[name].dtype != torch.float32:
            raise RuntimeError(f"size mismatch for {name}: {shape} is wanted")
    networks = (Encoder(_encoder_width(config), config.local, config.whole), _decoder(config))
    for part, network in zip(("encoder", "decoder"), networks, strict=True):
        own = {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
        network.load_state_dict(own, strict=True)
    if extra := [name for name in tensors if name not in shapes and name.partition(".")[0] not in ("encoder", "decoder")]:
        raise RuntimeError(f"unexpected tensors: {extra[:3]}")
    encoder, decoder = (_frozen(network, device) for network in networks)
    return TextureVae(
        config, told.palette, axes, encoder, decoder, Bank(tensors["bank"].cpu(), tuple(told.photos)), tensors["middle"].to(device),
        tensors["directions"].to(device), device, told.is_own, frozenset(told.unproven),
    )  # fmt: skip


def _frozen(network: _Network, device: torch.device) -> _Network:
    return placed(network, device).eval().requires_grad_(False)


@torch.inference_mode()
def render(model: TextureVae, request: RenderRequest) -> Tensor:
    """The requested region: (3, H, W) float32, sRGB-encoded in [0, 1]. A function of its arguments alone."""
    look, region = request.look, request.region
    grain = STRIDE_PX >> request.skip_levels
    # Grown to whole cells, and cropped at the end.
    top, left = region.y // grain, region.x // grain
    rows, columns = -(-(region.y + region.height) // grain) - top, -(-(region.x + region.width) // grain) - left
    place = (top - MARGIN_CELLS, left - MARGIN_CELLS, rows + 2 * MARGIN_CELLS, columns + 2 * MARGIN_CELLS)

    values = [0.0 if axis.id in model.unproven else look.value(axis.id) for axis in model.axes]
    bends, measured = values[: len(BENDS)], values[len(BENDS) :]
    freedom = 0.5 + 0.5 * look.value("variation") if model.is_own else 1.0
    found = quilt(model.bank, look.layout_seed, Bend(bend_matrix(*bends)), place, request.cells, freedom).to(model.device)
    local, whole = found[:, : model.config.local], found[:, model.config.local : len(model.middle)]
    shift = torch.tensor(measured, device=model.device) @ model.directions
    codes = torch.cat([look.layout_strength * local, whole + shift[None, :, None, None]], 1) + model.middle[None, :, None, None]
    style = torch.tensor([[*bends, look.detail_strength]], device=model.device)

    def noise(octave: int, y: int, x: int, height: int, width: int) -> Tensor:
        periods = tuple(None if cells is None else cells * STRIDE_PX >> octave for cells in request.cells)
        field = gaussian_field(look.detail_seed, octave, model.decoder.noise_channels, y, x, height, width, (periods[0], periods[1]))
        return look.detail_strength * field.to(model.device)

    picture = model.decoder(codes, style, noise, (top, left), skip=request.skip_levels)[-1]
    dy, dx = region.y - grain * top, region.x - grain * left
    return model.palette.decode(picture[..., dy : dy + region.height, dx : dx + region.width])[0]


# --------------------------------------------------------------------------------------------------- photos become codes


@dataclass(frozen=True)
class _Source:
    """A photo in palette coordinates, cut to whole cells: (1, 3, 8 rows, 8 columns)."""

    picture: Tensor

    @classmethod
    def of(cls, photo: Photo, palette: Palette, most_cells: int, device: torch.device) -> _Source:
        height, width = (max(1, n // STRIDE_PX) for n in photo.pixels.shape[:2])
        shrink = min(1.0, math.sqrt(most_cells / (height * width)))
        height, width = (max(1, int(n * shrink)) for n in (height, width))
        pixels = torch.from_numpy(photo.pixels[: height * STRIDE_PX, : width * STRIDE_PX])
        return cls(palette.encode(pixels.to(device).permute(2, 0, 1)[None]))

    @property
    def cells(self) -> tuple[int, int]:
        return self.picture.shape[-2] // STRIDE_PX, self.picture.shape[-1] // STRIDE_PX

    def cut(self, y: int, x: int, height: int, width: int) -> Tensor:
        """A rectangle in pixels, mirrored where it leaves the photo."""
        rows, columns = (
            _mirrored(torch.arange(start, start + length), count)
            for start, length, count in ((y, height, self.picture.shape[-2]), (x, width, self.picture.shape[-1]))
        )
        return self.picture[:, :, rows.to(self.picture.device)][..., columns.to(self.picture.device)]

    def tiles(self) -> list[tuple[int, int, int, int]]:
        """The parts that are encoded one at a time: (y, x, height, width) in cells."""
        rows, columns = self.cells
        step = _TILE_CELLS
        return [(y, x, min(step, rows - y), min(step, columns - x)) for y in range(0, rows, step) for x in range(0, columns, step)]

    @torch.no_grad()
    def encode(self, encoder: Encoder, tile: tuple[int, int, int, int]) -> Tensor:
        """The codes of one tile: (height, width, local + whole)."""
        y, x, height, width = tile
        edge = ENCODER_MARGIN_CELLS
        area = [STRIDE_PX * n for n in (y - edge, x - edge, height + 2 * edge, width + 2 * edge)]
        return encoder.codes(self.cut(*area))[0, :, edge:-edge, edge:-edge].permute(1, 2, 0)

    def measured(self, palette: Palette, axes: Sequence[StyleAxis]) -> Tensor:
        """The measured axes of the surroundings of each cell: (rows, columns, axes)."""
        colours = _surroundings(F.avg_pool2d(palette.decode(self.picture), STRIDE_PX))[0]
        found = [(torch.einsum("chw,c->hw", colours, colours.new_tensor(MEASURES[a.id])) - a.middle) / a.spread for a in axes]
        return torch.stack(found, -1) if found else colours.new_zeros(*self.cells, 0)


def _mirrored(index: Tensor, count: int) -> Tensor:
    folded = torch.remainder(index, 2 * count)
    return torch.where(folded < count, folded, 2 * count - 1 - folded)


def _surroundings(x: Tensor) -> Tensor:
    """The mean over a window around each cell, as much of it as there is: (B, C, h, w)."""
    half = _WINDOW_CELLS // 2
    along = F.avg_pool2d(x, (_WINDOW_CELLS, 1), 1, (half, 0), count_include_pad=False)
    return F.avg_pool2d(along, (1, _WINDOW_CELLS), 1, (0, half), count_include_pad=False)


def _block_axes(sources: Sequence[_Source]) -> tuple[Tensor, Tensor, Tensor]:
    """Block PCA of the photos: axes over 3 x 8 x 8 values in columns, the deviations along them, and those of a crop's mean block."""
    fields = [F.pixel_unshuffle(source.picture, STRIDE_PX) for source in sources]  # (1, 192, rows, columns)
    flat = torch.cat([field.flatten(2)[0] for field in fields], 1)
    around = torch.cat([_surroundings(field).flatten(2)[0] for field in fields], 1)
    variances, axes = torch.linalg.eigh(flat @ flat.T / flat.shape[1])
    axes = axes.flip(1)
    return axes, variances.flip(0).clamp_min(0).sqrt(), (axes.T @ around).square().mean(1).sqrt()


@dataclass(frozen=True)
class _Reading:
    """What codes say together: the bank, the means that were taken out of it, and the directions of the measured axes."""

    bank: Bank
    middle: Tensor
    directions: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, codes: Sequence[Tensor], measured: Sequence[Tensor], local: int) -> _Reading:
        """``codes`` (rows, columns, local + whole) and ``measured`` (rows, columns, axes) of each photo."""
        fields = []
        for told in codes:
            around = _surroundings(told.permute(2, 0, 1)[None])[0].permute(1, 2, 0)
            # As in training: what a crop has in common is in the code of the whole, and in no other.
            fields.append(torch.cat([told[..., :local] - around[..., :local], around[..., local:]], -1).reshape(-1, told.shape[-1]))
        values, about = torch.cat(fields), torch.cat([m.reshape(-1, m.shape[-1]) for m in measured])
        middle = values.mean(0)
        values, about = values - middle, about - about.mean(0)
        # Least squares: what the code of the whole gains for a unit of each measured axis.
        gram = about.T @ about + 1e-3 * len(about) * torch.eye(about.shape[-1], device=about.device)
        directions = torch.linalg.solve(gram, about.T @ values[:, local:])
        sizes = tuple((told.shape[0], told.shape[1]) for told in codes)
        return cls(Bank(torch.cat([values, about], -1).cpu(), sizes), middle, directions)


def encode(model: TextureVae, photo: Photo) -> Slices[None, None, TextureVae]:
    """The model with this photo as the middle: its codes are all that pictures are made of."""
    source = _Source.of(photo, model.palette, _MOST_CELLS, model.device)
    yield
    codes = torch.zeros(*source.cells, model.config.local + model.config.whole, device=model.device)
    for y, x, height, width in source.tiles():
        codes[y : y + height, x : x + width] = source.encode(model.encoder, (y, x, height, width))
        yield
    reading = _Reading.of([codes], [source.measured(model.palette, model.axes[len(BENDS) :])], model.config.local)
    # The directions are those that were learnt: one photo may not vary enough to tell them.
    return replace(model, bank=reading.bank, middle=reading.middle, is_own=True)


# --------------------------------------------------------------------------------------------------------------- proofs


def proofs(model: TextureVae) -> Slices[None, None, dict[str, float]]:
    """For each axis how well the pictures follow it, see ``slider_proofs``."""
    cells = _PROOF_SIDE_PX // STRIDE_PX
    region = Region(0, 0, _PROOF_SIDE_PX, _PROOF_SIDE_PX)

    def draw(seed: int, axis: str, position: float) -> Picture:
        look = Look(layout_seed=seed, detail_seed=seed).with_value(axis, position)
        return render(model, RenderRequest(look, region, (cells, cells))).permute(1, 2, 0).cpu().numpy()

    return (yield from slider_proofs([axis.id for axis in model.axes], draw))


def prove(model: TextureVae) -> Slices[None, None, TextureVae]:
    """The model with only those sliders that hold what their names say."""
    found = yield from proofs(model)
    return replace(model, unproven=frozenset(name for name, rho in found.items() if not rho >= HOLDS_FROM))


# ------------------------------------------------------------------------------------------------------------- training


class Training:
    """A run: encoder, decoder, critics, their averages and optimisers, and the photos' codes. Implements ``families.Trainer``."""

    def __init__(self, config: TextureVaeConfig, sampler: CropSampler, sources: Sequence[_Source], seed: int, device: torch.device) -> None:
        self._config, self._seed, self._device = config, seed, device
        self.images_seen = 0
        self._sampler, self._sources = sampler, sources
        self._measured = [source.measured(sampler.palette, sampler.axes[len(BENDS) :]) for source in sources]
        self._tiles = [(k, tile) for k, source in enumerate(sources) for tile in source.tiles()]
        areas = torch.tensor([float(h * w) for h, w in (source.cells for source in sources)])
        self._shares = (areas / areas.sum()).cumsum(0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._vae = torch.nn.ModuleDict(
                {"encoder": Encoder(_encoder_width(config), config.local, config.whole), "decoder": _decoder(config)}
            )
            self._critics = torch.nn.ModuleList(
                Critic(config.critic_width // 2, config.critic_width, len(sampler.axes)) for _ in range(_LEVELS)
            )
        begin_linear(self._vae["encoder"], self._vae["decoder"], *_block_axes(sources))
        self._average = _frozen(copy.deepcopy(self._vae), device)
        for network in (self._vae, self._critics):
            placed(network, device)
        self._codes = [torch.zeros(*source.cells, config.local + config.whole, device=device) for source in sources]
        self._vae_optimizer = torch.optim.Adam(self._vae.parameters(), config.learning_rate, (0.5, 0.99), fused=True)
        self._critic_optimizers = [torch.optim.Adam(c.parameters(), config.learning_rate, (0.0, 0.99), fused=True) for c in self._critics]
        self._losses: dict[str, tuple[Tensor, int]] = {}

    @property
    def images_total(self) -> int:
        return _steps(self._config) * self._config.batch

    @property
    def _progress(self) -> float:
        return self.images_seen / self.images_total

    # ------------------------------------------------------------------------------------------------ one step

    def step(self) -> Iterator[None]:
        step = self.images_seen // self._config.batch
        self._anneal()
        self._vae_optimizer.zero_grad(set_to_none=True)
        crops = self._crops()
        yield
        loss = self._evidence(crops, bent=step % 3 == 2)
        yield
        loss.backward()
        yield
        if self._progress >= _SHARPEN_FROM:
            yield from self._sharpen(_TURNS[step % len(_TURNS)])
        self._vae_optimizer.step()
        average_into(self._average, self._vae, step)
        if step % 2 == 0:
            self._reread(step // 2)
        self.images_seen += self._config.batch

    def _anneal(self) -> None:
        """The full rate for half of the run, then a cosine down to a twentieth."""
        share = 0.05 + 0.95 * (0.5 + 0.5 * math.cos(math.pi * max(0.0, 2 * self._progress - 1)))
        for optimizer in (self._vae_optimizer, *self._critic_optimizers):
            optimizer.param_groups[0]["lr"] = self._config.learning_rate * share

    def _crops(self) -> Tensor:
        """Crops of the photos as they are: (B, 3, side, side)."""
        side = _CROP_CELLS * STRIDE_PX
        dice = torch.rand(self._config.batch, 3, generator=stream(self._seed, self.images_seen, _CROPS))
        crops = []
        for of_photo, of_y, of_x in dice:
            source = self._sources[min(int(torch.searchsorted(self._shares, of_photo)), len(self._sources) - 1)]
            height, width = source.picture.shape[-2:]
            crops.append(source.cut(int(of_y * max(1, height - side + 1)), int(of_x * max(1, width - side + 1)), side, side))
        return torch.cat(crops)

    def _evidence(self, crops: Tensor, bent: bool) -> Tensor:
        """The negative evidence lower bound of the crops, of each number in them; drawn with bent codes in a part of the steps."""
        generator = stream(self._seed, self.images_seen, _CODES)
        q = self._vae["encoder"].posterior(crops)
        local = reparameterised(q.local_mean, q.local_log_variance, self._normal(q.local_mean.shape, generator))
        whole = reparameterised(q.whole_mean, q.whole_log_variance, self._normal(q.whole_mean.shape, generator))
        target, bends = crops, torch.zeros(len(crops), len(BENDS))
        if bent:
            bends = 2 * torch.rand(bends.shape, generator=generator) - 1
            # Whether of codes or of pixels, a bend takes the same part of the crop: so the decoder learns what bent codes stand for.
            share = _BENT_CELLS / _CROP_CELLS
            theta = torch.stack([F.pad(share * torch.tensor(bend_matrix(*bend)), (0, 1)) for bend in bends.tolist()]).to(self._device)
            local = _bent(local, theta, _BENT_CELLS, "bilinear")
            target = _bent(crops, theta, _BENT_CELLS * STRIDE_PX, "bicubic")
        codes = torch.cat([local, whole.expand(-1, -1, *local.shape[-2:])], 1)
        quarter, half, full = self._draw(codes, F.pad(bends, (0, 1)).to(self._device), None)
        nll = optimal_sigma_nll(target, full)
        kl = gaussian_kl(q.local_mean, q.local_log_variance).sum() + gaussian_kl(q.whole_mean, q.whole_log_variance).sum()
        self._note("reconstruction", nll)
        self._note("cost of codes", kl.detach() / crops.numel())
        beta = self._config.beta * min(1.0, self._progress / _WARM_UP)
        return negative_elbo(nll, kl, crops.numel(), beta) + _echo(quarter, half, full)

    def _draw(self, codes: Tensor, style: Tensor, generator: torch.Generator | None) -> list[Tensor]:
        """Pictures of a batch of codes; with noise on a torus, without it as crops."""
        decoder = self._vae["decoder"]

        def noise(octave: int, y: int, x: int, height: int, width: int) -> Tensor:
            shape = (len(codes), decoder.noise_channels, height, width)
            return codes.new_zeros(shape) if generator is None else self._normal(shape, generator)

        pictures: list[Tensor] = decoder(codes, style, noise, border="replicate" if generator is None else "circular")
        return pictures

    def _normal(self, shape: Sequence[int], generator: torch.Generator) -> Tensor:
        return torch.randn(*shape, generator=generator).to(self._device)

    def _sharpen(self, level: int) -> Slices[None, None, None]:
        """One step of a critic, and its say on codes that are laid out anew."""
        cells = _FAKE_CELLS[level]
        side = cells * STRIDE_PX >> (_LEVELS - 1 - level)
        crops = self._sampler.draw(stream(self._seed, self.images_seen, _REALS), level, self._config.batch, side)
        codes, style = self._layouts(cells, crops.style)
        yield
        quarter, half, full = self._draw(codes, style, stream(self._seed, self.images_seen, _DETAIL))
        echo = _echo(quarter, half, full)
        fake = full
        for _ in range(_LEVELS - 1 - level):
            fake = halve(fake)
        yield
        on_real = yield from self._teach_critic(level, crops.patches, fake.detach(), crops.style)
        critic = self._critics[level]
        critic.requires_grad_(False)
        loss = relativistic(critic(fake, crops.style), on_real)
        self._note(f"decoder 1/{2 ** (_LEVELS - 1 - level)}", loss)
        (_ADVERSARIAL * loss + echo).backward()
        critic.requires_grad_(True)
        yield

    def _layouts(self, cells: int, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """New layouts of the photos' codes, bent and measured as wanted, and the decoder's style."""
        reading = self._reading()
        local, codes = self._config.local, len(reading.middle)
        generator = stream(self._seed, self.images_seen, _LAYOUTS)
        fields = []
        for row in wanted.tolist():
            seed = int(torch.randint(1 << 62, (), generator=generator))
            bend = Bend(bend_matrix(*row[: len(BENDS)]))
            fields.append(quilt(reading.bank, seed, bend, (0, 0, cells, cells), (cells, cells)))
        found = torch.cat(fields).to(self._device)
        missing = wanted[:, len(BENDS) :] - found[:, codes:].mean((2, 3))
        whole = found[:, local:codes] + (missing @ reading.directions)[:, :, None, None]
        made = torch.cat([found[:, :local], whole], 1) + reading.middle[None, :, None, None]
        return made, F.pad(wanted[:, : len(BENDS)], (0, 1), value=1.0)

    def _teach_critic(self, level: int, real: Tensor, fake: Tensor, style: Tensor) -> Slices[None, None, Tensor]:
        """One step of the level's critic; hands on what it thought of the real crops before that step."""
        critic, optimizer = self._critics[level], self._critic_optimizers[level]
        scores: Tensor = critic(torch.cat([real, fake]), torch.cat([style, style]))
        on_real, on_fake = scores.chunk(2)
        loss = relativistic(on_real, on_fake)
        self._note(f"critic 1/{2 ** (_LEVELS - 1 - level)}", loss)
        loss = loss + _DRIFT * (on_real - on_fake).square().mean()
        yield
        few = max(1, len(real) // 2)
        generator = stream(self._seed, self.images_seen, _SMOOTH)
        for pictures, before in ((real[:few], on_real[:few]), (fake[:few], on_fake[:few])):
            noisy = critic(pictures + _NOISY_SIGMA * self._normal(pictures.shape, generator), style[:few])
            loss = loss + smoothness(before, noisy, self._config.smoothness, _NOISY_SIGMA)
        optimizer.zero_grad(set_to_none=True)
        yield
        loss.backward()
        optimizer.step()
        yield
        return on_real.detach()

    def _reread(self, turn: int) -> None:
        """Encodes one tile of the photos anew: so the codes that layouts are made of keep up with the encoder."""
        k, tile = self._tiles[turn % len(self._tiles)]
        y, x, height, width = tile
        self._codes[k][y : y + height, x : x + width] = self._sources[k].encode(self._average["encoder"], tile)

    def _reading(self) -> _Reading:
        return _Reading.of(self._codes, self._measured, self._config.local)

    def _note(self, name: str, loss: Tensor) -> None:
        """Sums a loss on the device. Raises NonFiniteLoss before a broken step reaches the weights."""
        if not torch.isfinite(loss):
            raise NonFiniteLoss(f"the {name} loss", self.images_seen)
        total, count = self._losses.get(name, (torch.zeros((), device=self._device), 0))
        self._losses[name] = (total + loss.detach(), count + 1)

    def take_losses(self) -> dict[str, float]:
        means = {name: float(total) / count for name, (total, count) in sorted(self._losses.items())}
        self._losses.clear()
        return means

    def tune(self, config: TextureVaeConfig) -> None:
        self._config = config

    # ------------------------------------------------------------------------------------- out of and into files

    def model(self) -> TextureVae:
        reading = self._reading()
        networks = _frozen(copy.deepcopy(self._average), self._device)
        return TextureVae(
            self._config, self._sampler.palette, self._sampler.axes, networks["encoder"], networks["decoder"], reading.bank, reading.middle,
            reading.directions, self._device,
        )  # fmt: skip

    def _parts(self) -> dict[str, torch.nn.Module]:
        return {"vae": self._vae, "average": self._average, "critics": self._critics}

    def _optimized(self) -> Iterator[tuple[str, torch.optim.Adam, torch.nn.Module]]:
        yield "vae_adam", self._vae_optimizer, self._vae
        for k in range(_LEVELS):
            yield f"critic_adam.{k}", self._critic_optimizers[k], self._critics[k]

    def state(self) -> dict[str, Tensor]:
        found = {f"{part}/{name}": value for part, module in self._parts().items() for name, value in module.state_dict().items()}
        for part, optimizer, network in self._optimized():
            found |= {f"{part}/{name}": value for name, value in adam_tensors(optimizer, network).items()}
        found |= {f"codes/{k}": value for k, value in enumerate(self._codes)}
        return {name: value.detach().cpu().clone() for name, value in found.items()}

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        by_part: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            part, _, name = key.partition("/")
            by_part.setdefault(part, {})[name] = value
        for part, module in self._parts().items():
            module.load_state_dict(by_part[part], strict=True)
        for part, optimizer, network in self._optimized():
            load_adam(optimizer, network, by_part.get(part, {}))
        for k, codes in enumerate(self._codes):
            codes.copy_(by_part["codes"][str(k)])
        self.images_seen = images_seen
        self._losses.clear()


def _bent(x: Tensor, theta: Tensor, side: int, mode: str) -> Tensor:
    grid = F.affine_grid(theta, [len(x), 1, side, side], align_corners=False)
    return F.grid_sample(x, grid, mode=mode, padding_mode="reflection", align_corners=False)


def _echo(quarter: Tensor, half: Tensor, full: Tensor) -> Tensor:
    """How far the two coarser pictures are from the full one; it teaches their own two layers alone."""
    halved = halve(full.detach())
    return (half - halved).square().mean() + (quarter - halve(halved)).square().mean()


def cost_gflop(config: TextureVaeConfig) -> float:
    """Work of the whole schedule: forward and backward of all networks, by the size of their layers."""
    with torch.device("meta"):  # only the sizes are asked for
        encoder = Encoder(_encoder_width(config), config.local, config.whole)
        decoder, critic = _decoder(config), Critic(config.critic_width // 2, config.critic_width, 4)
    down = [layer.weight.numel() for layer in encoder.down if isinstance(layer, torch.nn.Conv2d)]
    encoding = down[0] / 4 + down[1] / 16 + (down[2] + encoder.body.weight.numel() + encoder.leave.weight.numel()) / 64
    entry, *body = [layer.weight.numel() for layer in critic.body if isinstance(layer, torch.nn.Conv2d)]
    crop = (_CROP_CELLS * STRIDE_PX) ** 2
    drawn_again = config.batch * crop * 3 * (encoding + decoder.multiply_adds() * (2 + (_BENT_CELLS / _CROP_CELLS) ** 2) / 3)
    reread = ((_TILE_CELLS + 2 * ENCODER_MARGIN_CELLS) * STRIDE_PX) ** 2 * encoding / 2
    judged = 0.0
    for level in _TURNS:
        side = _FAKE_CELLS[level] * STRIDE_PX
        seen = side >> (_LEVELS - 1 - level)
        # Critic: real and fake, forward and backward, and half of them again for the penalty; decoder: once through it.
        judged += config.batch * (3 * decoder.multiply_adds() * side**2 + 12 * (entry * seen**2 + sum(body) * (seen / 2 - 3) ** 2))
    return _steps(config) * 2e-9 * (drawn_again + reread + (1 - _SHARPEN_FROM) * judged / len(_TURNS))


def start(config: TextureVaeConfig, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[None, None, Training]:
    """A run before its first step, in slices."""
    coarse_crop_px = _FAKE_CELLS[0] * STRIDE_PX >> (_LEVELS - 1)
    sampler = yield from CropSampler.prepared(photos, _LEVELS, coarse_crop_px, device)
    sources = []
    for photo in photos:
        yield
        sources.append(_Source.of(photo, sampler.palette, max(1, _MOST_CELLS // len(photos)), device))
    yield
    return Training(config, sampler, sources, seed, device)


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
    crop_px=lambda config: _FAKE_CELLS[0] * STRIDE_PX,
    encode=encode,
)
