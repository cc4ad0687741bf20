"""A real family that is small enough for tests: one convolution over hashed noise, fitted to the photo's mean colours by Adam.

It keeps the contract in every point: the steps are a function of (config, seed, images seen), a render is a pure function of
its request, any region equals the same part of a larger one, and a torus wraps. One cell is 8 pixels, there are two levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import pytest
import torch
from msgspec import Meta
from torch import Tensor, nn

from texgen_desktop.data.photos import Photo
from texgen_desktop.families import Family, Look, RenderRequest, Seed, Slider
from texgen_desktop.slices import Slices

CELL_PX = 8
SLIDERS = (Slider("warmth", "Warmth", "From blue to orange."), Slider("contrast", "Contrast", "From flat to harsh."))


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    images: Annotated[int, Meta(ge=1, le=100_000, description="Length of the schedule.", extra={"unit": "images"})] = 60
    batch: Annotated[int, Meta(ge=1, le=16, description="Crops a step.")] = 2
    crop_px: Annotated[int, Meta(ge=4, le=64, description="Side of a crop.", extra={"unit": "px"})] = 16
    learning_rate: Annotated[float, Meta(gt=0, le=1e30, description="Step size of Adam.", extra={"live": True})] = 0.02


@dataclass(frozen=True, eq=False)
class TinyModel:
    weights: dict[str, Tensor]
    sliders: tuple[Slider, ...] = SLIDERS
    cell_px: int = CELL_PX
    level_count: int = 2
    seeds: tuple[Seed, ...] = ("layout", "detail")

    def header(self) -> dict[str, Any]:
        return {"cell_px": self.cell_px, "sliders": len(self.sliders)}

    def tensors(self) -> dict[str, Tensor]:
        return self.weights


def build_network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(4, 8, 3), nn.LeakyReLU(0.2), nn.Conv2d(8, 3, 3))


class TinyTrainer:
    def __init__(self, config: Config, photos: Sequence[Photo], seed: int, device: torch.device) -> None:
        self.config, self.seed, self.device, self.images_seen = config, seed, device, 0
        self.photos = [torch.from_numpy(photo.pixels.copy()).permute(2, 0, 1).to(device) for photo in photos]
        self.network = build_network().to(device)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.network.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
        self.averaged = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=config.learning_rate)
        self.loss_sum = torch.zeros((), device=device)
        self.loss_count = 0

    @property
    def images_total(self) -> int:
        return self.config.images

    def step(self) -> Slices[None]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.images_seen)
        side, losses = self.config.crop_px, []
        self.optimiser.zero_grad()
        for _ in range(self.config.batch):
            photo = self.photos[int(torch.randint(len(self.photos), (1,), generator=generator))]
            top = int(torch.randint(photo.shape[1] - side + 1, (1,), generator=generator))
            left = int(torch.randint(photo.shape[2] - side + 1, (1,), generator=generator))
            crop = photo[:, top : top + side, left : left + side]
            made = self.network(torch.randn(1, 4, side + 4, side + 4, generator=generator).to(self.device))
            loss = (made.mean((0, 2, 3)) - crop.mean((1, 2))).square().sum() + (made.std() - crop.std()).square()
            loss.backward()
            losses.append(loss.detach())
            yield None
        self.optimiser.step()
        with torch.no_grad():
            for name, tensor in self.network.state_dict().items():
                self.averaged[name].lerp_(tensor, 0.1)
        self.loss_sum += torch.stack(losses).mean()
        self.loss_count += 1
        self.images_seen += self.config.batch

    def take_losses(self) -> dict[str, float]:
        mean = float(self.loss_sum / max(1, self.loss_count))
        count, self.loss_count = self.loss_count, 0
        self.loss_sum.zero_()
        return {"match": mean} if count else {}

    def start_from(self, model: TinyModel) -> None:
        for network in (self.network.state_dict(), self.averaged):
            for name, value in network.items():
                value.copy_(model.weights[name])

    def tune(self, config: Config) -> None:
        self.config = config
        self.optimiser.param_groups[0]["lr"] = config.learning_rate

    def state(self) -> dict[str, Tensor]:
        state = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        state |= {f"averaged.{name}": tensor for name, tensor in self.averaged.items()}
        for index, values in self.optimiser.state_dict()["state"].items():
            state |= {f"adam.{index}.{name}": tensor for name, tensor in values.items()}
        return state

    def load_state(self, tensors: Mapping[str, Tensor], images_seen: int) -> None:
        self.network.load_state_dict(
            {name.removeprefix("network."): value for name, value in tensors.items() if name.startswith("network.")}
        )
        self.averaged = {name.removeprefix("averaged."): value.clone() for name, value in tensors.items() if name.startswith("averaged.")}
        adam: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("adam."):
                _, index, field = name.split(".")
                adam.setdefault(int(index), {})[field] = value.clone()
        self.optimiser.load_state_dict(self.optimiser.state_dict() | {"state": adam})
        self.images_seen = images_seen

    def model(self) -> TinyModel:
        return TinyModel({name: tensor.detach().clone() for name, tensor in self.averaged.items()})


def open_model(header: dict[str, Any], tensors: Mapping[str, Tensor], device: torch.device) -> TinyModel:
    weights = {name: tensor.to(device) for name, tensor in tensors.items()}
    model = TinyModel(weights, SLIDERS[: header["sliders"]], cell_px=int(header["cell_px"]))
    build_network().load_state_dict(model.weights)
    return model


def render(model: TinyModel, request: RenderRequest) -> Tensor:
    scale = 1 << request.skip_levels
    side_px = model.cell_px // scale
    region = request.region
    y = _wrapped(torch.arange(region.y - 2, region.y + region.height + 2), request.cells[0], side_px)
    x = _wrapped(torch.arange(region.x - 2, region.x + region.width + 2), request.cells[1], side_px)
    coarse = _noise(request.look.layout_seed, 4, y // side_px, x // side_px) * request.look.layout_strength
    fine = _noise(request.look.detail_seed + 7919, 4, y, x) * request.look.detail_strength
    network = build_network()
    network.load_state_dict(model.weights)
    with torch.no_grad():
        pixels: Tensor = network((coarse + fine).unsqueeze(0).to(next(iter(model.weights.values())).device))[0]
    return _styled(pixels, request.look).clamp(0, 1)


def _styled(pixels: Tensor, look: Look) -> Tensor:
    warmth = torch.tensor([0.2, 0.0, -0.2], device=pixels.device)[:, None, None] * look.value("warmth")
    return (pixels - 0.5) * (1 + 0.5 * look.value("contrast")) + 0.5 + warmth


def _wrapped(positions: Tensor, cells: int | None, side_px: int) -> Tensor:
    return positions if cells is None else positions.remainder(cells * side_px)


def _noise(seed: int, channels: int, y: Tensor, x: Tensor) -> Tensor:
    """Roughly standard normal numbers (channels, H, W), each a hash of (seed, channel, y, x)."""
    channel = torch.arange(channels)[:, None, None]
    mixed = (seed * 0x9E3779B1 + channel * 0x85EBCA6B + y[None, :, None] * 0xC2B2AE35 + x[None, None, :] * 0x27D4EB2F) & 0xFFFFFFFF
    for multiplier in (0x7FEB352D, 0x6C8E9CF5):
        mixed = ((mixed ^ (mixed >> 15)) * multiplier) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)).float() / 2**32 - 0.5) * 12**0.5


def start(config: Config, photos: Sequence[Photo], seed: int, device: torch.device) -> Slices[TinyTrainer]:
    yield None
    return TinyTrainer(config, photos, seed, device)


def prove(model: TinyModel) -> Slices[TinyModel]:
    yield None
    return model


def encode(model: TinyModel, photo: Photo) -> Slices[TinyModel]:
    """The mean colours of the photo in place of what the last convolution adds."""
    yield None
    return replace(model, weights=model.weights | {"2.bias": torch.from_numpy(photo.pixels.mean((0, 1)))})


FAMILY = Family(
    id="tiny",
    title="Tiny",
    description="For tests.",
    config=Config,
    presets={"draft": Config(images=20), "standard": Config(), "high": Config(images=200)},
    start=start,
    open=open_model,
    render=render,
    prove=prove,
    cost_gflop=lambda config: config.images * 0.01,
    efficiency=0.5,
    encode=encode,
)


def install(monkeypatch: pytest.MonkeyPatch, family: Family = FAMILY) -> None:
    """Let engines that start from now on offer this family alone, report and log every one of its quick steps.

    They measure the machine by the fewest convolutions: no test depends on how exact that is, and each engine would take 0.3 s for it.
    """
    monkeypatch.setattr("texgen_desktop.families.discover", lambda: {family.id: family})
    monkeypatch.setattr("texgen_desktop.engine.device._PROBE_S", 0.0)
    for name in ("REPORT_INTERVAL_S", "LOG_INTERVAL_S"):
        monkeypatch.setattr(f"texgen_desktop.engine.progress.{name}", 0.0)
