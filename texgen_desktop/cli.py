"""The command line: the same engine without a window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from texgen_desktop import __version__
from texgen_desktop.cli_console import FINISHED, Console, carry_out
from texgen_desktop.cli_retouch import RETOUCHING, retouch
from texgen_desktop.cli_score import score
from texgen_desktop.cli_sessions import BestSession, InfoSession, SampleSession, Session, TrainSession
from texgen_desktop.cli_types import add_out, assignment, format_and_bits, positive_float, positive_int, seed, size, style
from texgen_desktop.engine.messages import ExportSettings, Look, TrainSettings
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.formats import format_of
from texgen_desktop.imaging.recipe_text import read_metadata
from texgen_desktop.paths import is_project

EXAMPLES = """examples:
  texgen train gravel.jpg --project gravel          learn the texture of a photo
  texgen sample gravel --out tile.png --size 2048   write a tile that repeats without a seam
  texgen info gravel                                list its photos, runs and sliders
  texgen info tile.png                              tell how a picture was made
  texgen score gravel.jpg tile.png                  measure a tile against the photo
  texgen make-tile gravel.jpg --out tile.png        make the photo itself repeat
  texgen enhance tile.png --steps sr2 --out large   twice the size, still without a seam
"""
SCORES = """For each tile, lower is better: structure (0 another crop of the photo, 1 noise of its spectrum and colours), distances
of colours (1 from black to white) and of spectra, how far the seams stand out (0 not at all), and how many patches of 32
px are copies. For several tiles of one size also their diversity: 1 nothing in common, 0 all the same."""
EXIT_CODES = """exit codes:
  0    done
  1    failed; one line on standard error says why and what to do
  2    the command line itself is wrong
  130  interrupted (SIGINT); a run in training is saved first
  143  terminated (SIGTERM); a run in training is saved first"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a wrong command line raises SystemExit(2) as argparse does."""
    args = _parser().parse_args(argv)
    if args.command == "score":
        return score(Console(), args.photo, args.tiles, args.side, args.json)
    if args.command in RETOUCHING:
        return retouch(Console(), args)
    if args.command == "info" and (format_of(args.source) or args.source.suffix.lower() == ".bmp") and not is_project(args.source):
        return _tell_picture(Console(), args.source)
    return _session(args.parser, args).run()


def _tell_picture(console: Console, path: Path) -> int:
    """Print how an exported or retouched picture was made, by its own account, as JSON."""

    def told() -> int:
        try:
            record = json.loads(read_metadata(path) or "")
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict) or not any(key.startswith("texgen") for key in record):
            raise TexGenError(f"{path.name} does not say how it was made.", "Pictures that TexGen has written do.")
        for line in json.dumps(record, indent=2).splitlines():
            console.result(line)
        return FINISHED

    return carry_out(console, told)


def _session(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Session:
    """``parser`` is the one of the command, for what is wrong beyond a single argument."""
    console = Console()
    match args.command:
        case "train":
            if not args.photos and not is_project(args.project):
                parser.error("name at least one photo, or with --project a project that has some")
            settings = TrainSettings(
                family=args.family.replace("-", "_"),
                preset=args.preset,
                config=tuple(args.set),
                images=args.images,
                minutes=args.minutes,
                seed=args.seed,
                start_from=str(args.start_from.absolute()) if args.start_from else "",
            )
            return TrainSession(console, args.device, tuple(args.photos), args.project, settings)
        case "sample":
            return SampleSession(console, args.device, args.source, _export_settings(parser, args))
        case "best":
            return BestSession(console, args.device, args.project)
        case _:
            return InfoSession(console, None, args.source)


def _export_settings(parser: argparse.ArgumentParser, args: argparse.Namespace) -> ExportSettings:
    file_format, bits = format_and_bits(parser, args)
    width_px, height_px = args.size
    return ExportSettings(
        path=args.out,
        file_format=file_format,
        bits=bits,
        width_px=width_px,
        height_px=height_px,
        look=Look(args.style, layout_seed=args.seed, detail_seed=args.detail_seed),
        tile_x="x" in args.tile,
        tile_y="y" in args.tile,
        count=args.count,
    )


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "texgen", description="Turn photographs into seamless textures.", epilog=f"{EXAMPLES}\n{EXIT_CODES}", formatter_class=plain
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, title="commands", metavar="COMMAND")
    for name, summary, add_arguments in (
        ("train", "learn the texture of photos, or go on with a run that was interrupted", _add_train),
        ("sample", "write tiles of a texture that was learnt", _add_sample),
        ("best", "make a project's model of the checkpoint that came nearest to the photo", _add_best),
        ("info", "list the photos, runs and sliders of a project or a model, or tell how a picture was made", _add_info),
        ("score", "measure tiles against the photo that they were learnt from", _add_score),
        *((name, command.summary, command.add_arguments) for name, command in RETOUCHING.items()),
    ):
        command = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", epilog=EXIT_CODES, formatter_class=plain
        )
        command.set_defaults(parser=command)
        add_arguments(command)
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        type=Path,
        nargs="*",
        metavar="PHOTO_OR_FOLDER",
        help="what to learn: photos, folders, class folders, CIFAR, or a .zip or .tar.gz of them; not needed where the project has some",
    )
    parser.add_argument("--project", type=Path, required=True, metavar="DIR", help="where all is kept; an unfinished run there goes on")
    parser.add_argument("--family", default="texture-gan", help="kind of model (default: texture-gan)")
    parser.add_argument(
        "--preset", default="standard", help="how long and how fine: draft, standard, high; some families have more (default: standard)"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=positive_float, metavar="M", help="stop after so many minutes; the same command goes on later")
    length.add_argument("--images", type=positive_int, metavar="N", help="crops of the photos to learn from, instead of the preset's")
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="equal seeds, photos and settings give equal models (default: 0)")
    parser.add_argument(
        "--set",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting; may be repeated; a wrong name lists all",
    )
    parser.add_argument("--start-from", type=Path, metavar="MODEL", help="begin with the weights of a trained model of the same family")
    _add_device(parser)


def _add_sample(parser: argparse.ArgumentParser) -> None:
    _add_source(parser)
    add_out(parser)
    parser.add_argument("--size", type=size, default=(1024, 1024), metavar="WxH", help="in pixels; 2048 is 2048x2048 (default: 1024x1024)")
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="layout: where the large shapes lie (default: 0)")
    parser.add_argument("--detail-seed", type=seed, default=0, metavar="S", help="the fine grain on top of the layout (default: 0)")
    parser.add_argument("--style", type=style, default=(), metavar="NAME=VALUE,...", help="sliders, from -1 to 1; texgen info lists them")
    parser.add_argument("--tile", choices=("xy", "x", "y", "none"), default="xy", help="the axes that repeat without a seam (default: xy)")
    parser.add_argument(
        "--count", type=positive_int, default=1, metavar="N", help="write N numbered files, with layout seeds S, S + 1, ..."
    )
    _add_device(parser)


def _add_best(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, metavar="DIR", help="a project folder; of the run that was selected last")
    _add_device(parser)


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.description = f"{parser.description}\n\n{SCORES}"
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="the photo")
    parser.add_argument("tiles", type=Path, nargs="+", metavar="TILE", help="pictures at the scale that the photo is learnt at")
    parser.add_argument("--side", type=positive_int, metavar="PX", help="that scale: the photo's short side (default: as train chooses it)")
    parser.add_argument("--json", action="store_true", help="print the JSON alone, for another program")


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="DIR_OR_MODEL", help="a project folder, or a model.safetensors")


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="DIR_OR_FILE", help="a project folder, a model.safetensors, or a picture")


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", metavar="D", help="cpu, cuda, cuda:1 or mps (default: the best there is)")


if __name__ == "__main__":
    sys.exit(main())
