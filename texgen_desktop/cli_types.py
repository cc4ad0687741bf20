"""The types of the command line's arguments, what they say of what they do not take, and the arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from texgen_desktop.engine.messages import LARGEST_SEED
from texgen_desktop.imaging.formats import LIMITS, format_of


def whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def positive_int(text: str) -> int:
    value = whole_number(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def positive_float(text: str) -> float:
    value = number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def seed(text: str) -> int:
    value = whole_number(text)
    if not 0 <= value <= LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"must be between 0 and {LARGEST_SEED}")
    return value


def size(text: str) -> tuple[int, int]:
    """(width, height) of "2048x1024" or "2048"."""
    width, cross, height = text.lower().replace("×", "x").partition("x")
    return positive_int(width), positive_int(height if cross else width)


def assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip().replace("-", "_"), value.strip()


def style(text: str) -> tuple[tuple[str, float], ...]:
    values = {}
    for part in text.split(","):
        name, value = assignment(part)
        values[name] = number(value)
        if not -1 <= values[name] <= 1:
            raise argparse.ArgumentTypeError(f"{name} must be between -1 and 1")
    return tuple(sorted(values.items()))


def add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="its ending chooses the format: png, tif, exr, jpg or webp")
    parser.add_argument(
        "--bits", type=int, choices=(8, 16, 32), help="per channel; 32 is float, 16 is half float in an EXR (default: 16, else 8)"
    )


def format_and_bits(parser: argparse.ArgumentParser, args: argparse.Namespace) -> tuple[Any, Any]:
    """What ``--out`` and ``--bits`` ask for."""
    file_format = format_of(args.out)
    if file_format is None:
        suffixes = (suffix for limits in LIMITS.values() for suffix in limits.suffixes)
        parser.error(f"--out: the name has to end in one of {', '.join(suffixes)}")
    return file_format, args.bits or (16 if 16 in LIMITS[file_format].bits else 8)
