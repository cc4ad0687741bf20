"""Super-resolution models of other makers, read by spandrel where that is installed. Only tensors are read: nothing in a file can run.

Convolutional networks are wrap-safe and free of block borders, as all that can reach a pixel is read around a block (their receptive
field is measured). Networks that look at windows or at the whole picture are not, whatever is read around. Those that first fold a few
pixels into one (RealESRGAN ×2) are free of block borders, and wrap-safe where the sides of the picture are multiples of that few.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import msgspec
import numpy as np
import torch
from msgspec import Meta
from torch import Tensor

from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import Floats
from texgen_desktop.imaging.raster import Raster, Wraps
from texgen_desktop.operators import Operator, Workshop
from texgen_desktop.slices import Slices

TILE_PX = 128
"""Side of what the network makes at once, in pixels of what it is given."""
GRID_PX = 8
"""Blocks begin at multiples of this where a network is not indifferent to where: those known fold 2, 4 or 8 pixels into one."""
_FARTHEST_PX = 64
_PROBE_PX = 144  # holds a pixel and all that is nearer than that, and is a multiple of the usual windows
_ANOTHER = "Choose a super-resolution or restoration model in .safetensors, such as RealESRGAN's."


class CommunitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: Annotated[str, Meta(description="A .safetensors file with the weights of a network that spandrel knows")] = ""


@dataclass(frozen=True, eq=False)
class CommunityRaster:
    """A picture as a foreign network makes it, ``scale`` times as large.

    ``halo`` pixels around a block are read with it, from a multiple of ``grid`` to one.
    """

    source: Raster
    net: Any
    scale: int
    halo: int
    device: torch.device
    grid: int = 1

    @property
    def height_px(self) -> int:
        return self.source.height_px * self.scale

    @property
    def width_px(self) -> int:
        return self.source.width_px * self.scale

    @property
    def wraps(self) -> Wraps:
        return self.source.wraps

    def read(self, y: int, x: int, height: int, width: int) -> Floats:
        whole = np.empty((height, width, 3), np.float32)
        step = TILE_PX * self.scale
        for top in range(0, height, step):
            for left in range(0, width, step):
                rows, columns = min(step, height - top), min(step, width - left)
                whole[top : top + rows, left : left + columns] = self._tile(y + top, x + left, rows, columns)
        return whole

    def _tile(self, y: int, x: int, height: int, width: int) -> Floats:
        scale, halo, grid = self.scale, self.halo, self.grid
        first, begin = ((place // scale - halo) // grid * grid for place in (y, x))
        last, end = (-(-(-(-place // scale) + halo) // grid) * grid for place in (y + height, x + width))
        rows, columns = last - first, end - begin
        given = torch.from_numpy(np.ascontiguousarray(self.source.read(first, begin, rows, columns))).to(self.device)
        with torch.inference_mode():
            made: Tensor = self.net(given.permute(2, 0, 1)[None].clamp(0, 1))
        top, left = y - first * scale, x - begin * scale
        tile: Floats = made[0, :, top : top + height, left : left + width].permute(1, 2, 0).float().cpu().numpy()
        return tile


def _apply(settings: CommunitySettings, picture: Raster, workshop: Workshop) -> Slices[Raster]:
    if not settings.model:
        raise TexGenError("No model is chosen.", _ANOTHER)
    tensors = workshop.open_weights(settings.model).tensors
    yield None
    net = _built(_spandrel(), tensors, workshop.device)
    yield None
    reach = _reach(net, workshop.device)
    yield None
    grid = _grid(net, workshop.device)
    yield None
    if reach > _FARTHEST_PX:
        workshop.note(f"{net.architecture.name}: it looks farther than {_FARTHEST_PX} pixels, so that blocks and seams may show")
    elif grid > 1 and any(side % grid for side, wraps in zip((picture.height_px, picture.width_px), picture.wraps, strict=True) if wraps):
        workshop.note(f"{net.architecture.name} ×{net.scale}: a seam may show unless both sides are multiples of {grid} pixels")
    else:
        workshop.note(f"{net.architecture.name} ×{net.scale}")
    halo = min(reach + (grid if grid > 1 else 0), _FARTHEST_PX)
    return CommunityRaster(picture, net, net.scale, halo, workshop.device, grid)


def _built(spandrel: ModuleType, tensors: Mapping[str, Tensor], device: torch.device) -> Any:
    try:
        net = spandrel.ModelLoader(device=device).load_from_state_dict(dict(tensors))
    except spandrel.UnsupportedModelError as error:
        raise TexGenError("This file holds no network that spandrel knows.", _ANOTHER) from error
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError, AttributeError) as error:  # what foreign tensors make it raise
        raise TexGenError("The weights in this file do not fit the network that they seem to be of.", _ANOTHER) from error
    if not isinstance(net, spandrel.ImageModelDescriptor) or (net.input_channels, net.output_channels) != (3, 3):
        raise TexGenError("This network does not make one colour picture of another.", _ANOTHER)
    net.eval()
    return net


def _reach(net: Any, device: torch.device) -> int:
    """How far around a pixel of what it is given a network looks: by the gradient of the pixels that are made of the middle one."""
    given = torch.rand((1, 3, _PROBE_PX, _PROBE_PX), generator=torch.Generator().manual_seed(0)).to(device) * 0.5 + 0.25
    given.requires_grad_(True)
    middle = _PROBE_PX // 2
    made = net.model(given)
    made[..., middle * net.scale : (middle + 1) * net.scale, middle * net.scale : (middle + 1) * net.scale].sum().backward()
    if made.shape[2:] != (_PROBE_PX * net.scale, _PROBE_PX * net.scale) or given.grad is None or not given.grad.any():
        raise TexGenError("This network does not make one picture of another.", _ANOTHER)
    places = torch.nonzero(given.grad.abs().amax((0, 1)))
    return int((places - middle).abs().max())


def _grid(net: Any, device: torch.device) -> int:
    """1 where a picture moved by a pixel comes out as the same picture moved; else a step that it may be moved by."""
    given = torch.rand((1, 3, _PROBE_PX + 1, _PROBE_PX), generator=torch.Generator().manual_seed(0)).to(device) * 0.5 + 0.25
    margin = _FARTHEST_PX * net.scale  # what is beyond is the middle, that the edges of a convolutional network do not reach
    with torch.inference_mode():
        plain, moved = net(given[:, :, :-1]), net(given[:, :, 1:])
    step = net.scale
    is_same = torch.allclose(
        plain[..., margin + step : -margin, margin:-margin], moved[..., margin : -margin - step, margin:-margin], atol=1e-5
    )
    return 1 if is_same else math.lcm(GRID_PX, net.size_requirements.multiple_of)


def _spandrel() -> ModuleType:
    """The package, which only two of its networks need torchvision for: where that is missing, three names stand in."""
    if importlib.util.find_spec("spandrel") is None:
        raise TexGenError(
            "Models of other makers are read by spandrel, which is not installed.", "Install it: pip install --no-deps spandrel einops"
        )
    if "torchvision" not in sys.modules and importlib.util.find_spec("torchvision") is None:
        _stand_in_for_torchvision()
    import spandrel

    package: ModuleType = spandrel
    return package


def _stand_in_for_torchvision() -> None:
    functional = ModuleType("torchvision.transforms.functional")
    for name in ("InterpolationMode", "rotate", "normalize"):
        setattr(functional, name, None)
    transforms, package = ModuleType("torchvision.transforms"), ModuleType("torchvision")
    transforms.functional, package.transforms = functional, transforms  # type: ignore[attr-defined]
    for module in (package, transforms, functional):
        sys.modules.setdefault(module.__name__, module)


OPERATORS = (
    Operator(
        id="community",
        title="Model from elsewhere",
        description="Enlarges or restores with a model of another maker, in .safetensors; needs the package spandrel",
        settings=CommunitySettings,
        apply=_apply,
        is_local=True,
        order=20,
    ),
)
