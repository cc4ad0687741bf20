"""Super-resolution models of other makers, read by spandrel where that is installed. Only tensors are read: nothing in a file can run.

Convolutional networks are wrap-safe and free of block borders, as all that can reach a pixel is read around a block (their receptive
field is measured). Networks that look at windows or at the whole picture are not, whatever is read around.
"""

from __future__ import annotations

import importlib.util
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
_FARTHEST_PX = 64
_PROBE_PX = 2 * _FARTHEST_PX + 2
_ANOTHER = "Choose a super-resolution or restoration model in .safetensors, such as RealESRGAN's."


class CommunitySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: Annotated[str, Meta(description="A .safetensors file with the weights of a network that spandrel knows")] = ""


@dataclass(frozen=True, eq=False)
class CommunityRaster:
    """A picture as a foreign network makes it, ``scale`` times as large; ``halo`` pixels around a block are read with it."""

    source: Raster
    net: Any
    scale: int
    halo: int
    device: torch.device

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
        scale, halo = self.scale, self.halo
        first, begin = y // scale - halo, x // scale - halo
        rows, columns = -(-(y + height) // scale) + halo - first, -(-(x + width) // scale) + halo - begin
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
    if reach > _FARTHEST_PX:
        workshop.note(f"{net.architecture.name}: it looks farther than {_FARTHEST_PX} pixels, so that blocks and seams may show")
    else:
        workshop.note(f"{net.architecture.name} ×{net.scale}")
    return CommunityRaster(picture, net, net.scale, min(reach, _FARTHEST_PX), workshop.device)


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
    assert given.grad is not None, "what was made depends on what was given"
    places = torch.nonzero(given.grad.abs().amax((0, 1)))
    return int((places - middle).abs().max())


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
