"""ICC profiles: the two that are written into exports, and matrix profiles of photos applied at full precision.

LittleCMS by way of Pillow works in 8 bits; photos of 16 bits and float go through here instead.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from texgen_desktop.imaging.colour import Floats, srgb_to_linear

Curve = Callable[[Floats], Floats]

# Columns: red, green and blue of Rec. 709, Bradford-adapted to D50, the white of every ICC profile.
REC709_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
_BRIGHTEST = np.float32(65504)  # the largest half float
_D50 = (0.9642, 1.0, 0.8249)
_D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)


@dataclass(frozen=True)
class MatrixProfile:
    """A profile of one curve for grey, or of three curves and a matrix for RGB."""

    curves: tuple[Curve, ...]
    to_rec709: NDArray[np.float64]
    """3 × 3, linear values of the profile to linear Rec. 709."""

    def to_linear_rec709(self, pixels: Floats) -> Floats:
        """(H, W, 1 or 3) as stored -> (H, W, 3) linear light; colours outside Rec. 709 leave [0, 1]."""
        with np.errstate(over="ignore"):  # of floats far above 1
            linear = np.stack([np.minimum(curve(pixels[..., k]), _BRIGHTEST) for k, curve in enumerate(self.curves)], axis=-1)
        if len(self.curves) == 1:
            return np.repeat(linear, 3, axis=-1)
        return (linear @ self.to_rec709.T.astype(np.float32)).astype(np.float32)

    def is_srgb(self) -> bool:
        """Whether converting would change nothing worth a code value of 8 bits."""
        ramp = np.linspace(0, 1, 33, dtype=np.float32)
        curves_agree = all(np.abs(curve(ramp) - srgb_to_linear(ramp)).max() < 2e-3 for curve in self.curves)
        return curves_agree and np.array_equal(self.to_rec709, np.eye(3))


def parse_matrix_profile(profile: bytes) -> MatrixProfile | None:
    """The profile if it is grey or RGB by curves and matrix; None for tables, other colour spaces and damage."""
    try:
        space = profile[16:20]
        tags = _tag_table(profile)
        if space == b"GRAY":
            return MatrixProfile((_parse_curve(tags[b"kTRC"]),), np.eye(3))
        if space != b"RGB " or b"A2B0" in tags:
            return None
        curves = tuple(_parse_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        columns = [_parse_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, ValueError, struct.error):
        return None
    matrix = np.linalg.inv(REC709_D50) @ np.stack(columns, axis=1)
    is_rec709 = float(np.abs(matrix - np.eye(3)).max()) < 5e-3  # every maker rounds the primaries a little differently
    return MatrixProfile(curves, np.eye(3) if is_rec709 else matrix)


def srgb_profile() -> bytes:
    """An sRGB profile; the same bytes every time, unlike one from LittleCMS, which holds the time."""
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return _build_profile("sRGB", curve)


def linear_rec709_profile() -> bytes:
    """A profile for linear light with the primaries of Rec. 709."""
    return _build_profile("Linear Rec. 709", b"curv\0\0\0\0" + struct.pack(">I", 0))


def _tag_table(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for k in range(min(count, 100)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * k)
        tags[name] = profile[offset : offset + size]
    return tags


def _parse_xyz(tag: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _parse_curve(tag: bytes) -> Curve:
    """Raises ValueError where the curve does not lead from code values to light, as after damage."""
    curve = _read_curve(tag)
    with np.errstate(all="ignore"):
        light = curve(np.linspace(0, 1, 33, dtype=np.float32))
    if not (np.isfinite(light).all() and (np.diff(light) >= 0).all() and light[0] > -0.01 and 0.5 < light[-1] < 1.5):
        raise ValueError("not a rising curve from 0 to 1")
    return curve


def _read_curve(tag: bytes) -> Curve:
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return lambda x: x
        if count == 1:
            gamma = struct.unpack_from(">H", tag, 12)[0] / 256
            return lambda x: (np.maximum(x, 0) ** gamma).astype(np.float32)
        table = np.frombuffer(tag, ">u2", count, 12) / 65535
        positions = np.linspace(0, 1, count)
        return lambda x: np.interp(x, positions, table).astype(np.float32)
    if tag[:4] == b"para":
        return _parse_parametric(tag)
    raise ValueError(f"unknown curve type {tag[:4]!r}")


def _parse_parametric(tag: bytes) -> Curve:
    """ICC.1:2022, 10.18: every kind is (a x + b)^g + e from d on and c x + f below it."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    values = [v / 65536 for v in struct.unpack_from(f">{len(tag) // 4 - 3}i", tag, 12)]
    match kind, values:
        case 0, [g, *_]:
            a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
        case 1, [g, a, b, *_] if a:
            c, d, e, f = 0.0, -b / a, 0.0, 0.0
        case 2, [g, a, b, e, *_] if a:
            c, d, f = 0.0, -b / a, e
        case 3, [g, a, b, c, d, *_]:
            e, f = 0.0, 0.0
        case 4, [g, a, b, c, d, e, f, *_]:
            pass
        case _:
            raise ValueError(f"unknown parametric curve {kind}")
    return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f).astype(np.float32)


def _build_profile(name: str, curve: bytes) -> bytes:
    """A version 4.2 display profile with the primaries of Rec. 709 and one curve for all channels."""
    tags = {
        b"desc": _localised(name),
        b"cprt": _localised("CC0"),
        b"wtpt": _xyz(*_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed(*_D65_TO_D50),
        b"rXYZ": _xyz(*REC709_D50[:, 0]),
        b"gXYZ": _xyz(*REC709_D50[:, 1]),
        b"bXYZ": _xyz(*REC709_D50[:, 2]),
        b"rTRC": curve,
    }
    table, body = b"", b""
    start = 128 + 4 + 12 * (len(tags) + 2)
    for tag_name, data in tags.items():
        entry = struct.pack(">II", start + len(body), len(data))
        table += tag_name + entry
        if tag_name == b"rTRC":
            table += b"gTRC" + entry + b"bTRC" + entry
        body += data + b"\0" * (-len(data) % 4)
    date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    header = struct.pack(">I4xI", start + len(body), 0x04200000) + b"mntrRGB XYZ " + date + b"acsp"
    header += b"\0" * 28 + _fixed(*_D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags) + 2) + table + body


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(v) * 65536) for v in values))


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _localised(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded
