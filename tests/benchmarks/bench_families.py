"""How near the texture families come to the photo, beside published methods on the same photos, minutes and threads: one report.

Everything is read by ``imaging/score.py``, which nobody here was trained on, on 256 px tiles of seeds 0 to 3, unchosen; the learning
curves on seed 0. A family trains its ``standard`` preset (and ``instant``, where it has one) with the schedule cut to what fits into the
minutes; a baseline trains until they are over. Rendering and reading take no training time. Methods that optimise or copy pixels make
every picture from nothing within the minutes. The report is written again after each entry, so a run that is broken off leaves one.

usage: python tests/benchmarks/bench_families.py [--photos NAME|FILE ...] [--minutes 10] [--only ENTRY ...] [--full] [--out DIR]

An ENTRY is a baseline (gpdm, dcgan, psgan, quilting), a reference (crop, noise), a family, or FAMILY:PRESET. ``--full`` takes eight
photos and 30 minutes; photos of one's own are named as files.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import msgspec
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from texgen_desktop.engine.environment import prepare_environment

prepare_environment()

import torch  # noqa: E402 - only after the environment was prepared

from tests.benchmarks.baselines import SIDE_PX, Baseline, Pictures, Stopwatch, all_baselines  # noqa: E402
from tests.benchmarks.machine import SAMPLES, afterwards, described, note  # noqa: E402
from tests.benchmarks.time_limit import fitting  # noqa: E402
from tests.benchmarks.torch_time import share_outside_torch  # noqa: E402
from texgen_desktop.data.photos import Photo, default_working_side, load_photo  # noqa: E402
from texgen_desktop.engine.device import use_all_cores  # noqa: E402
from texgen_desktop.engine.messages import Crop  # noqa: E402
from texgen_desktop.families import Family, Look, Model, Region, RenderRequest, Trainer, discover  # noqa: E402
from texgen_desktop.imaging.colour import Floats, to_uint8  # noqa: E402
from texgen_desktop.imaging.read import probe_image  # noqa: E402
from texgen_desktop.imaging.score import INSTRUMENT, Judge, Score, diversity  # noqa: E402
from texgen_desktop.slices import run_to_end  # noqa: E402

CPU = torch.device("cpu")
READINGS_MIN = (1.0, 3.0, 10.0, 30.0)
SEEDS = range(4)
PHOTOS = ("gravel", "rust", "fallen_leaves")
ALL_PHOTOS = (*PHOTOS, "stone_bricks", "sand", "cobblestone", "bark", "slate_roof")
_GAP_PX = 8
_PLACES = (0.0, 0.6)  # of the schedule, at which the time outside torch is measured
_REFERENCES = ("crop", "noise")
_TRAINED_ON_SPECTRUM = ("texture_cnn",)
"""No number is reported that was trained on."""


@dataclass
class Result:
    """One entry on one photo. ``curve`` holds (minutes, structure of seed 0)."""

    scores: list[Score]
    diversity: float
    curve: list[tuple[float, float]]
    seconds: float
    remark: str = ""


@dataclass
class Entry:
    """A family's preset, or a baseline. ``grow`` gives, at each reading, pictures by seed, the seconds of training, and a remark."""

    id: str
    title: str
    config: str
    grow: Callable[[Photo, Sequence[float]], Iterator[tuple[Pictures, float, str]]]
    results: dict[str, Result] = field(default_factory=dict)
    outside_torch: list[float] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------------------ families


def family_entry(family: Family, preset: str) -> Entry:
    entry = Entry(
        f"{family.id}:{preset}", f"{family.id}, {preset}", "", lambda photo, readings: trained(entry, family, preset, photo, readings)
    )
    return entry


def trained(
    entry: Entry, family: Family, preset: str, photo: Photo, readings_min: Sequence[float]
) -> Iterator[tuple[Pictures, float, str]]:
    """One run, read on its way."""
    config = fitting(family.presets[preset], lambda each: run_to_end(family.start(each, [photo], 1, CPU)), readings_min[-1] * 60)
    trainer: Trainer = run_to_end(family.start(config, [photo], 0, CPU))
    watch = Stopwatch()

    def step() -> None:
        run_to_end(trainer.step())

    for minutes in readings_min:
        watch.work_until(minutes * 60, step, lambda: trainer.images_seen >= trainer.images_total)
        pictures = model_pictures(family, trainer.model(), lambda seed: tile_of_another_run(family, config, photo, seed))
        yield pictures, watch.seconds, f"{trainer.images_seen} of {trainer.images_total} crops"
    entry.config = f"{msgspec.to_builtins(config)}"
    if not entry.outside_torch:
        entry.outside_torch = outside_torch(family, family.presets[preset], photo)


def outside_torch(family: Family, config: msgspec.Struct, photo: Photo) -> list[float]:
    """The shares of the time in the early steps of a run and in late ones, which do more: both of the preset's own schedule."""
    trainer: Trainer = run_to_end(family.start(config, [photo], 0, CPU))
    run_to_end(trainer.step())
    batch, shares = trainer.images_seen, []
    for place in _PLACES:
        trainer.images_seen = int(place * trainer.images_total) // batch * batch
        for _ in range(3):  # the first ones allocate and choose algorithms
            run_to_end(trainer.step())
        shares.append(share_outside_torch(trainer))
    return shares


def model_pictures(family: Family, model: Model, of_another_run: Pictures) -> Pictures:
    """Tiles by seed; a model without seeds is one tile, and another seed takes another run."""
    cells = SIDE_PX // model.cell_px

    def picture(seed: int) -> Floats:
        if seed and not model.seeds:
            return of_another_run(seed)
        look = Look(layout_seed=seed, detail_seed=seed)
        made = family.render(model, RenderRequest(look, Region(0, 0, SIDE_PX, SIDE_PX), (cells, cells)))
        return made.permute(1, 2, 0).cpu().numpy()

    return picture


def tile_of_another_run(family: Family, config: msgspec.Struct, photo: Photo, seed: int) -> Floats:
    trainer: Trainer = run_to_end(family.start(config, [photo], seed, CPU))
    while trainer.images_seen < trainer.images_total:
        run_to_end(trainer.step())
    return model_pictures(family, trainer.model(), lambda _: np.zeros((SIDE_PX, SIDE_PX, 3), np.float32))(0)


# ----------------------------------------------------------------------------------------------------------- baselines


def baseline_entry(baseline: Baseline) -> Entry:
    def grow(photo: Photo, readings_min: Sequence[float]) -> Iterator[tuple[Pictures, float, str]]:
        for minutes, pictures in zip(readings_min, baseline.grow(photo.pixels, readings_min, 0), strict=True):
            yield pictures, minutes * 60, ""

    return Entry(baseline.id, baseline.title, baseline.config, grow)


# ------------------------------------------------------------------------------------------------------------- readings


def measured(entry: Entry, photo: Photo, judge: Judge, readings_min: Sequence[float], sheet: Path) -> Result:
    """Takes seed 0 at each reading, and all seeds at the last."""
    grown = entry.grow(photo, readings_min)
    curve = []
    for minutes in readings_min[:-1]:
        pictures, _, _ = next(grown)
        curve.append((minutes, judge.score(pictures(0)).structure))
        note(f"{entry.title}, {minutes:g} min: structure {curve[-1][1]:.2f}")
    pictures, seconds, remark = next(grown)
    began_s = time.perf_counter()
    tiles = [pictures(seed) for seed in SEEDS]
    making_s = (time.perf_counter() - began_s) / len(SEEDS)
    scores = [judge.score(tile) for tile in tiles]
    curve.append((readings_min[-1], scores[0].structure))
    save_sheet(sheet, [photo.pixels[:SIDE_PX, :SIDE_PX], *tiles])
    note(f"{entry.title}, {readings_min[-1]:g} min: structure {mean(s.structure for s in scores):.2f}, {making_s:.1f} s a picture")
    for _ in grown:  # lets the entry look at its training step
        pass
    return Result(scores, diversity(tiles), curve, seconds, ", ".join(filter(None, (remark, f"{making_s:.1f} s a picture"))))


def save_sheet(path: Path, pictures: Sequence[Floats]) -> None:
    padded = [np.pad(picture, ((0, SIDE_PX - picture.shape[0]), (0, _GAP_PX), (0, 0)), constant_values=1) for picture in pictures]
    Image.fromarray(to_uint8(np.concatenate(padded, 1)[:, :-_GAP_PX])).save(path, quality=90)


# --------------------------------------------------------------------------------------------------------------- report


def report(entries: Sequence[Entry], photos: Sequence[str], heading: Sequence[str], ending: str) -> str:
    done = [entry for entry in entries if entry.results]
    minutes = done[0].results[next(iter(done[0].results))].curve[-1][0]
    lines = [
        f"# Texture families and baselines after {minutes:g} minutes",
        "",
        *(f"{line}  " for line in heading),
        "",
        "## Means over the photos",
    ]
    columns = "structure", "palette", "spectrum dB", "seam", "copy", "diversity"
    lines += ["", *_row("entry", *columns, "outside torch"), *_rule(8)]
    for entry in done:
        scores = [score for result in entry.results.values() for score in result.scores]
        outside = ", ".join(f"{share:.1%}" for share in entry.outside_torch)
        spread = f"{mean(r.diversity for r in entry.results.values()):.2f}"
        lines += _row(entry.title, *_means(scores, entry.id.partition(":")[0] not in _TRAINED_ON_SPECTRUM), spread, outside)
    lines += _verdicts(done)
    lines += ["", "## Structure on each photo", "", *_row("entry", *photos), *_rule(1 + len(photos))]
    for entry in done:
        found = [_structure(entry.results[p]) if p in entry.results else None for p in photos]
        lines += _row(entry.title, *("" if value is None else f"{value:.2f}" for value in found))
    readings = [reading for reading, _ in next(iter(done[0].results.values())).curve]
    lines += ["", "## Learning: structure of seed 0, mean over the photos", ""]
    lines += [*_row("entry", *(f"{reading:g} min" for reading in readings)), *_rule(1 + len(readings))]
    for entry in done:
        curves = [result.curve for result in entry.results.values()]
        lines += _row(entry.title, *(f"{mean(curve[k][1] for curve in curves):.2f}" for k in range(len(readings))))
    lines += ["", "## What they are", ""]
    for entry in done:
        took = "; ".join(f"{photo}: {result.seconds:.0f} s, {result.remark}" for photo, result in entry.results.items())
        lines.append(f"* **{entry.title}**: {entry.config}. {took}")
    lines += ["", "## Pictures", "", f"The photo, then seeds {SEEDS[0]} to {SEEDS[-1]} after {minutes:g} minutes, unchosen.", ""]
    for photo in photos:
        lines += [f"### {photo}", ""]
        for entry in done:
            if photo in entry.results:
                lines += [f"{entry.title}, structure {_structure(entry.results[photo]):.2f}", ""]
                lines += [f"![{entry.title} on {photo}]({sheet_name(photo, entry)})", ""]
    return "\n".join([*lines, ending, ""])


def _verdicts(done: Sequence[Entry]) -> list[str]:
    """A baseline that phase noise beats was written badly or given too little: whoever is better than it has shown nothing."""
    noise = next((entry for entry in done if entry.id == "noise"), None)
    if noise is None:
        return []
    lines = ["", "## On how many photos each beats phase noise", ""]
    for entry in done:
        both = [photo for photo in entry.results if photo in noise.results]
        won = sum(_structure(entry.results[photo]) < _structure(noise.results[photo]) for photo in both)
        lines += [] if entry.id in _REFERENCES else [f"* {entry.title}: {won} of {len(both)}"]
    return lines


def _structure(result: Result) -> float:
    return mean(score.structure for score in result.scores)


def _means(scores: Sequence[Score], has_spectrum: bool) -> tuple[str, ...]:
    return (
        f"{mean(s.structure for s in scores):.2f}",
        f"{mean(s.palette for s in scores):.3f}",
        f"{mean(s.spectrum for s in scores):.2f}" if has_spectrum else "trained on",
        f"{mean(max(s.seam_x, s.seam_y) for s in scores):.2f}",
        f"{mean(s.copy for s in scores):.0%}",
    )


def _row(*cells: str) -> list[str]:
    return [f"| {' | '.join(cells)} |"]


def _rule(columns: int) -> list[str]:
    return [f"|{'---|' * columns}"]


def sheet_name(photo: str, entry: Entry) -> str:
    return f"{photo}_{entry.id.replace(':', '_')}.jpg"


def chosen_entries(names: Sequence[str]) -> list[Entry]:
    """All of them where none is named."""
    families = {id_: family for id_, family in discover().items() if family.makes == "textures"}
    baselines = all_baselines()
    if not names:
        wanted = [(family, preset) for family in families.values() for preset in ("standard", "instant") if preset in family.presets]
        return [*(family_entry(*pair) for pair in wanted), *map(baseline_entry, baselines.values())]
    entries = []
    for name in names:
        id_, _, preset = name.partition(":")
        if id_ in baselines:
            entries.append(baseline_entry(baselines[id_]))
        elif id_ in families and (preset or "standard") in families[id_].presets:
            entries.append(family_entry(families[id_], preset or "standard"))
        else:
            sys.exit(f"There is no entry named {name}. There are: {', '.join([*families, *baselines])}.")
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", nargs="+", default=None)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--only", nargs="+", default=[], metavar="ENTRY")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("bench_families"))
    options = parser.parse_args()
    minutes = options.minutes or (30.0 if options.full else 10.0)
    readings_min = [reading for reading in READINGS_MIN if reading < minutes] + [minutes]
    names = options.photos or (ALL_PHOTOS if options.full else PHOTOS)
    paths = {Path(name).stem: Path(name) if Path(name).suffix else SAMPLES / f"{name}.jpg" for name in names}
    options.out.mkdir(parents=True, exist_ok=True)
    entries = chosen_entries(options.only)
    threads = use_all_cores()
    command = shlex.join(["python", *sys.argv])
    heading = [f"`{command}`", *described(), f"torch threads: {threads} for everything; instrument {INSTRUMENT}"]
    print("\n".join(heading), flush=True)

    def write(ending: str) -> None:
        (options.out / "report.md").write_text(report(entries, list(paths), heading, ending), encoding="utf-8")

    for name, path in paths.items():
        header = probe_image(path)
        photo = load_photo(path, Crop(), default_working_side(header.width_px, header.height_px))
        judge = Judge.of(photo.pixels)
        note(f"{name}, {photo.pixels.shape[1]} x {photo.pixels.shape[0]} px")
        for entry in entries:
            entry.results[name] = measured(entry, photo, judge, readings_min, options.out / sheet_name(name, entry))
            write("broken off here")
    write(afterwards())
    print((options.out / "report.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
