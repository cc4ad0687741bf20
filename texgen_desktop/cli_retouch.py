"""``texgen repair``, ``enhance``, ``make-tile`` and ``learn``: steps applied to picture files, without an engine and without a project."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from texgen_desktop.cli_console import FAILED, FINISHED, Console, carry_out, duration
from texgen_desktop.cli_types import add_out, format_and_bits, positive_float, seed
from texgen_desktop.engine.environment import prepare_environment
from texgen_desktop.engine.jobs import Rate
from texgen_desktop.errors import TexGenError
from texgen_desktop.slices import run_to_end

if TYPE_CHECKING:
    from texgen_desktop.engine.retouch_files import Done, Task
    from texgen_desktop.operators import Step

# Commas and colons are also in the names of files, as in denoise:model=C:/mine, 2.safetensors.
_STEP_NAME = re.compile(r"[\w-]+")
_NEXT_SETTING = re.compile(r":(?=\s*[\w-]+\s*=)")
_NEXT_STEP = re.compile(r",(?=\s*[\w-]+\s*(?:,|$|:\s*[\w-]+\s*=))")
STEPS = """A step may be followed by its settings: denoise:sigma=25. --steps may also name a .json file that the window has saved."""


@dataclass(frozen=True)
class Command:
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Console, argparse.Namespace], int]


def retouch(console: Console, args: argparse.Namespace) -> int:
    """Run one of the commands in ``RETOUCHING``; returns the exit code."""
    prepare_environment()
    return carry_out(console, lambda: RETOUCHING[args.command].run(console, args))


# ------------------------------------------------------------------------------------------------------ commands


def _repair(console: Console, args: argparse.Namespace) -> int:
    settings = {"method": args.method} | ({} if args.minutes is None else {"minutes": args.minutes})
    return _one_file(console, args, "repair", settings, mask=args.mask)


def _make_tile(console: Console, args: argparse.Namespace) -> int:
    return _one_file(console, args, "make_tile", {"method": args.method}, wraps=(False, False))


def _one_file(console: Console, args: argparse.Namespace, operator: str, settings: dict[str, Any], **more: Any) -> int:
    from texgen_desktop.engine.retouch_files import Task
    from texgen_desktop.operators import Step

    _, bits = format_and_bits(args.parser, args)
    more.setdefault("wraps", _wraps(args.wrap) if "wrap" in args else None)
    task = Task(args.image, args.out, bits=bits if args.bits else None, **more)
    return _carried_out(console, [Step(operator, settings)], args.seed, [task])


def _enhance(console: Console, args: argparse.Namespace) -> int:
    from texgen_desktop.engine.retouch_files import Task
    from texgen_desktop.imaging.formats import batch_path

    if args.out.exists() and not args.out.is_dir():
        raise TexGenError(f"{args.out} is a file.", "Name a folder.")
    args.out.mkdir(parents=True, exist_ok=True)
    tasks = [Task(path, batch_path(path, args.out), _wraps(args.wrap)) for path in args.images]
    return _carried_out(console, parse_steps(args.steps), args.seed, tasks)


def _learn(console: Console, args: argparse.Namespace) -> int:
    from texgen_desktop.engine.learning import learn_weights

    teller = _Teller(console)
    run_to_end(learn_weights(_operators(), args.step, args.photos, args.minutes, args.out.absolute(), _device(), args.seed, teller.tell))
    console.result(str(args.out))
    return FINISHED


def _carried_out(console: Console, steps: Sequence[Step], seed: int, tasks: Sequence[Task]) -> int:
    from texgen_desktop.engine.chain import Chain, check_steps
    from texgen_desktop.engine.messages import Problem
    from texgen_desktop.engine.retouch_files import retouch_files

    written: list[Done] = []
    failed: list[tuple[Path, Problem]] = []
    chain = Chain(check_steps(steps, _operators()), _device(), seed)
    try:
        run_to_end(retouch_files(chain, tasks, _Teller(console).tell, written, failed))
    finally:
        for done in written:
            _tell_done(console, done)
        for path, problem in failed:
            message = f"{path}: {problem.message.removeprefix(f'{path.name}: ')}" if len(tasks) > 1 else problem.message
            console.error(Problem(message, problem.hint))
    return FAILED if failed else FINISHED


def _tell_done(console: Console, done: Done) -> None:
    console.note(f"{done.out.name}: {done.width_px} × {done.height_px} pixels; {'; '.join(done.notes)}")
    if min(max(done.seams_before), max(done.seams_now)) > 0:  # no tile before, and none now
        seams: tuple[tuple[str, tuple[float, float]], ...] = ()
    else:
        seams = (("before", done.seams_before), ("now", done.seams_now))
    for words, (rows, columns) in seams:
        console.note(f"seam {words}: {rows:.2f} between rows, {columns:.2f} between columns (0: none)")
    console.result(str(done.out))


def parse_steps(text: str) -> list[Step]:
    """``sr2,denoise:sigma=25``, or the name of a .json file that holds steps. TexGenError for what is neither."""
    from texgen_desktop.operators import Step, open_chain

    if text.endswith(".json"):
        try:
            return [step for step in open_chain(Path(text).read_bytes()) if step.is_on]
        except ValueError as error:
            raise TexGenError(f"{text} cannot be used: {error}.", "Save the steps again in the window.") from error
    steps = []
    for part in _NEXT_STEP.split(text):
        name, *assignments = _NEXT_SETTING.split(part.strip())
        pairs = [assignment.partition("=") for assignment in assignments]
        if not _STEP_NAME.fullmatch(name):
            raise TexGenError(f"{part!r} is no step.", "Write steps such as sr2,denoise:sigma=25.")
        steps.append(Step(name, {key.strip().replace("-", "_"): value.strip() for key, _, value in pairs}))
    return steps


def _operators() -> Mapping[str, Any]:
    from texgen_desktop import operators

    return operators.discover()


def _device() -> Any:
    from texgen_desktop.engine.device import choose_device, use_all_cores

    use_all_cores()
    return choose_device(None).device


def _wraps(axes: str) -> tuple[bool, bool] | None:
    return None if axes == "auto" else ("y" in axes, "x" in axes)


class _Teller:
    """Progress and the time left, on the console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rate = Rate(clock=time.monotonic)
        self._rate.add(0.0)

    def tell(self, done: float, words: str) -> None:
        self._rate.add(done)
        left_s = self._rate.seconds_to(1)
        left = f", {duration(left_s)} left" if left_s else ""
        self._console.progress(done, f"{words}{left}")


# ----------------------------------------------------------------------------------------------------- arguments


def _add_repair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="IMAGE", help="the picture")
    parser.add_argument("--mask", type=Path, required=True, metavar="MASK", help="a picture of the same size, white where it is repaired")
    parser.add_argument(
        "--method", choices=("auto", "patch", "cnn", "gan"), default="auto", help="how (default: auto, which says what it took)"
    )
    parser.add_argument("--minutes", type=positive_float, metavar="M", help="how long cnn and gan learn from the picture (default: 15)")
    _add_wrap(parser)
    _add_seed(parser)
    add_out(parser)


def _add_make_tile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", type=Path, metavar="PHOTO", help="the photo")
    parser.add_argument(
        "--method", choices=("auto", "repair", "cut", "generate"), default="auto", help="how (default: auto, which says what it took)"
    )
    _add_seed(parser)
    add_out(parser)


def _add_enhance(parser: argparse.ArgumentParser) -> None:
    parser.description = f"{parser.description}\n\n{STEPS}"
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="the pictures, each done by itself")
    parser.add_argument("--steps", required=True, metavar="STEP,...", help="such as sr2,denoise; a wrong name lists all")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder that the results go to, under their own names")
    _add_wrap(parser)
    _add_seed(parser)


def _add_learn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", metavar="STEP", help="what is to be done better, such as sr2 or denoise; a wrong name lists all")
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help="pictures as good as the results shall be")
    parser.add_argument("--minutes", type=positive_float, default=5.0, metavar="M", help="how long (default: 5)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model: --steps STEP:model=FILE uses it")
    _add_seed(parser)


def _add_wrap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wrap",
        choices=("auto", "xy", "x", "y", "none"),
        default="auto",
        help="axes on which it is a tile (default: where it has no seam)",
    )


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="another one gives another result (default: 0)")


RETOUCHING: Mapping[str, Command] = {
    "repair": Command("replace the parts of a picture that a mask shows", _add_repair, _repair),
    "make-tile": Command("make a photo repeat without a seam", _add_make_tile, _make_tile),
    "enhance": Command("enlarge, denoise, sharpen or otherwise improve pictures, and keep tiles tiles", _add_enhance, _enhance),
    "learn": Command("teach a step of enhance on one's own pictures", _add_learn, _learn),
}
