"""How near the texture families come to the photo, beside published methods on the same photos, minutes and threads: one report.

Everything is read by ``imaging/score.py`` on 256 px tiles of seeds 0 to 3, unchosen; the learning curves on seed 0. What an entry was
trained on is not reported. A family trains its ``standard`` preset (and ``instant``, where it has one) with the schedule cut to what fits
into the minutes; a baseline trains until they are over. Rendering and reading take no training time. Methods that optimise or copy pixels
make every picture from nothing within the minutes.

Each entry leaves its reading of each photo beside its pictures in the folder, and the report is of all that lies there: a run that was
broken off goes on where it was, and what takes days is done in parts. On both cores at once two parts would share their minutes.

usage: python tests/benchmarks/bench_families.py [--photos NAME|FILE ...] [--minutes 10] [--only ENTRY ...] [--full] [--out DIR]

An ENTRY is a baseline (gpdm, dcgan, psgan, quilting, and for a GPU psgan_published), a reference (crop, noise), a family, or
FAMILY:PRESET. ``--full`` takes eight photos and 30 minutes; photos of one's own are named as files.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

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
from texgen_desktop.engine.rehearsal import leap  # noqa: E402
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
_PRESETS = ("standard", "instant")
_REFERENCES = ("crop", "noise")
_RANKING = ("crop", "gpdm", "dcgan", "noise")
_KIN = (
    "`texture_cnn` and GPDM are taught by distances between patches, which palette is near of kin to; `texture_cnn` also by how random"
    " filters answer, as structure reads the answers of others."
)


class Result(msgspec.Struct):
    """One entry on one photo. ``curve`` holds (minutes, structure of seed 0), ``outside_torch`` shares of the time of training steps."""

    run: list[str]  # the command and the machine
    instrument: int
    config: str
    scores: list[Score]
    diversity: float
    curve: list[tuple[float, float]]
    seconds: float
    remark: str
    outside_torch: list[float]

    @property
    def minutes(self) -> float:
        return self.curve[-1][0]

    @property
    def structure(self) -> float:
        return mean(score.structure for score in self.scores)


@dataclass(frozen=True)
class Reading:
    """What an entry can make after so many seconds of training, which are none where pixels are optimised or copied."""

    pictures: Pictures
    seconds: float
    config: str
    remark: str = ""


@dataclass(frozen=True)
class Entry:
    """A family's preset, or a baseline. ``outside_torch`` looks at its training steps, if it has such."""

    id: str
    title: str
    grow: Callable[[Photo, Sequence[float]], Iterator[Reading]]
    outside_torch: Callable[[Photo], list[float]] = lambda _: []
    is_taught_spectrum: bool = False

    def file(self, folder: Path, photo: str, suffix: str) -> Path:
        return folder / f"{photo}_{self.id.replace(':', '_')}{suffix}"


Results = dict[Entry, dict[str, Result]]


# ------------------------------------------------------------------------------------------------------------ families


def family_entry(family: Family, preset: str) -> Entry:
    config = family.presets[preset]
    return Entry(
        f"{family.id}:{preset}",
        f"{family.id}, {preset}",
        partial(trained, family, config),
        partial(outside_torch, family, config),
        is_taught_spectrum(family, msgspec.to_builtins(config)),
    )


def is_taught_spectrum(family: Family, config: Mapping[str, Any]) -> bool:
    """A number that was trained on is not reported."""
    return family.id == "texture_cnn" and config["mode"] == "network"


def trained(family: Family, preset: msgspec.Struct, photo: Photo, readings_min: Sequence[float]) -> Iterator[Reading]:
    """One run, read on its way."""
    config = fitting(preset, lambda each: run_to_end(family.start(each, [photo], 1, CPU)), readings_min[-1] * 60)
    trainer: Trainer = run_to_end(family.start(config, [photo], 0, CPU))
    watch = Stopwatch()

    def step() -> None:
        run_to_end(trainer.step())

    for minutes in readings_min:
        watch.work_until(minutes * 60, step, lambda: trainer.images_seen >= trainer.images_total)
        pictures = model_pictures(family, trainer.model(), lambda seed: tile_of_another_run(family, config, photo, seed))
        seen = f"{trainer.images_seen} of {trainer.images_total} crops"
        yield Reading(pictures, watch.seconds, f"{msgspec.to_builtins(config)}", seen)


def outside_torch(family: Family, config: msgspec.Struct, photo: Photo) -> list[float]:
    """The shares of the time in the early steps of a run and in late ones, which do more: both of the preset's own schedule."""
    trainer: Trainer = run_to_end(family.start(config, [photo], 0, CPU))
    run_to_end(trainer.step())
    batch, shares = trainer.images_seen, []
    for place in _PLACES:
        leap(trainer, place, batch)
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
    def grow(photo: Photo, readings_min: Sequence[float]) -> Iterator[Reading]:
        grown, seconds = baseline.grow(photo.pixels, readings_min, 0), 0.0
        for _ in readings_min:
            began_s = time.perf_counter()
            pictures = next(grown)
            seconds += time.perf_counter() - began_s
            yield Reading(pictures, seconds, baseline.config)

    return Entry(baseline.id, baseline.title, grow)


# ------------------------------------------------------------------------------------------------------------- readings


def measured(entry: Entry, photo: Photo, judge: Judge, readings_min: Sequence[float], sheet: Path, run: list[str]) -> Result:
    """Takes seed 0 at each reading, and all seeds at the last."""
    grown = entry.grow(photo, readings_min)
    curve = []
    for minutes in readings_min[:-1]:
        curve.append((minutes, judge.score(next(grown).pictures(0)).structure))
        note(f"{entry.title}, {minutes:g} min: structure {curve[-1][1]:.2f}")
    last = next(grown)
    tiles = [last.pictures(SEEDS[0])]  # which may be there from an earlier reading
    began_s = time.perf_counter()
    tiles += [last.pictures(seed) for seed in SEEDS[1:]]
    making_s = (time.perf_counter() - began_s) / len(SEEDS[1:])
    scores = [judge.score(tile) for tile in tiles]
    curve.append((readings_min[-1], scores[0].structure))
    save_sheet(sheet, [photo.pixels[:SIDE_PX, :SIDE_PX], *tiles])
    remark = ", ".join(filter(None, (last.remark, f"{making_s:.1f} s a picture")))
    result = Result(run, INSTRUMENT, last.config, scores, diversity(tiles), curve, last.seconds, remark, entry.outside_torch(photo))
    note(f"{entry.title}, {readings_min[-1]:g} min: structure {result.structure:.2f}, {making_s:.1f} s a picture")
    return result


def save_sheet(path: Path, pictures: Sequence[Floats]) -> None:
    padded = [np.pad(picture, ((0, SIDE_PX - picture.shape[0]), (0, _GAP_PX), (0, 0)), constant_values=1) for picture in pictures]
    Image.fromarray(to_uint8(np.concatenate(padded, 1)[:, :-_GAP_PX])).save(path, quality=90)


# --------------------------------------------------------------------------------------------------------------- report


def report(found: Results, folder: Path) -> str:
    photos = _in_order({photo for by_photo in found.values() for photo in by_photo})
    results = [result for by_photo in found.values() for result in by_photo.values()]
    minutes = results[0].minutes
    lines = [f"# Texture families and baselines after {minutes:g} minutes", ""]
    for run in dict.fromkeys(tuple(result.run) for result in results):
        lines += [*(f"{line}  " for line in run), ""]
    columns = "structure", "palette", "spectrum dB", "seam", "copy", "diversity"
    lines += ["## Means over the photos", "", *_row("entry", *columns, "outside torch"), *_rule(8)]
    for entry, by_photo in found.items():
        scores = [score for result in by_photo.values() for score in result.scores]
        shares = [result.outside_torch for result in by_photo.values() if result.outside_torch]
        outside = ", ".join(f"{mean(place):.1%}" for place in zip(*shares, strict=True))
        spread = f"{mean(result.diversity for result in by_photo.values()):.2f}"
        lines += _row(entry.title, *_means(scores, not entry.is_taught_spectrum), spread, outside)
    lines += ["", _KIN] if any(entry.id.startswith("texture_cnn:") for entry in found) else []
    lines += _verdicts(found)
    lines += _ranking(found)
    lines += ["", "## Structure on each photo", "", *_row("entry", *photos), *_rule(1 + len(photos))]
    for entry, by_photo in found.items():
        lines += _row(entry.title, *(f"{by_photo[photo].structure:.2f}" if photo in by_photo else "" for photo in photos))
    readings = [reading for reading, _ in results[0].curve]
    lines += ["", "## Learning: structure of seed 0, mean over the photos", ""]
    lines += [*_row("entry", *(f"{reading:g} min" for reading in readings)), *_rule(1 + len(readings))]
    for entry, by_photo in found.items():
        curves = [result.curve for result in by_photo.values()]
        lines += _row(entry.title, *(f"{mean(curve[k][1] for curve in curves):.2f}" for k in range(len(readings))))
    lines += ["", "## What they are", ""]
    for entry, by_photo in found.items():
        configs = "; ".join(dict.fromkeys(result.config for result in by_photo.values()))
        took = "; ".join(f"{photo}: {took_in_words(result)}" for photo, result in by_photo.items())
        lines.append(f"* **{entry.title}**: {configs}. {took}")
    lines += ["", "## Pictures", "", f"The photo, then seeds {SEEDS[0]} to {SEEDS[-1]} after {minutes:g} minutes, unchosen.", ""]
    for photo in photos:
        lines += [f"### {photo}", ""]
        for entry, by_photo in found.items():
            sheet = entry.file(folder, photo, ".jpg")
            if photo in by_photo and sheet.is_file():
                lines += [f"{entry.title}, structure {by_photo[photo].structure:.2f}", "", f"![{entry.title} on {photo}]({sheet.name})", ""]
    return "\n".join(lines)


def took_in_words(result: Result) -> str:
    return f"{result.seconds:.0f} s, {result.remark}" if result.seconds >= 1 else result.remark


def _in_order(photos: set[str]) -> list[str]:
    return sorted(photos, key=lambda photo: (ALL_PHOTOS.index(photo) if photo in ALL_PHOTOS else len(ALL_PHOTOS), photo))


def _verdicts(found: Results) -> list[str]:
    """A baseline that phase noise beats was written badly or given too little: whoever is better than it has shown nothing."""
    noise = next((by_photo for entry, by_photo in found.items() if entry.id == "noise"), None)
    if noise is None:
        return []
    lines = ["", "## On how many photos each beats phase noise", ""]
    for entry, by_photo in found.items():
        both = [photo for photo in by_photo if photo in noise]
        won = sum(by_photo[photo].structure < noise[photo].structure for photo in both)
        lines += [] if entry.id in _REFERENCES else [f"* {entry.title}: {won} of {len(both)}"]
    return lines


def _ranking(found: Results) -> list[str]:
    """Whether the instrument puts what is known to be better before what is known to be worse."""
    ranked = [by_photo for id_ in _RANKING for entry, by_photo in found.items() if entry.id == id_]
    photos = _in_order(set.intersection(*(set(by_photo) for by_photo in ranked))) if len(ranked) == len(_RANKING) else []
    if not photos:
        return []
    lines = ["", f"## Whether structure ranks {' < '.join(_RANKING)}", ""]
    right = []
    for photo in photos:
        values = [by_photo[photo].structure for by_photo in ranked]
        is_right = values == sorted(values)
        right += [photo] if is_right else []
        lines.append(f"* {photo}: {', '.join(f'{value:.2f}' for value in values)}{'' if is_right else ': no'}")
    means = [mean(by_photo[photo].structure for photo in photos) for by_photo in ranked]
    order = "in this order" if means == sorted(means) else "in another order"
    return [*lines, "", f"On {len(right)} of {len(photos)}; the means {', '.join(f'{value:.2f}' for value in means)} are {order}."]


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


def all_entries() -> dict[str, Entry]:
    """By id, in the order in which they are reported."""
    families = [family for family in discover().values() if family.makes == "textures"]
    presets = [(family, preset) for family in families for preset in family.presets]
    entries = [*(family_entry(*pair) for pair in presets), *map(baseline_entry, all_baselines().values())]
    return {entry.id: entry for entry in entries}


def chosen(names: Sequence[str], entries: Mapping[str, Entry]) -> list[Entry]:
    """Where none is named: all baselines, and of a family the presets that are compared."""
    if not names:
        left_out = {baseline.id for baseline in all_baselines().values() if baseline.needs_gpu and not torch.cuda.is_available()}
        return [entry for id_, entry in entries.items() if id_ not in left_out and id_.partition(":")[2] in ("", *_PRESETS)]
    ids = [name if name in entries else f"{name}:{_PRESETS[0]}" for name in names]
    for name, id_ in zip(names, ids, strict=True):
        if id_ not in entries:
            sys.exit(f"There is no entry named {name}. There are: {', '.join(entries)}.")
    return [entries[id_] for id_ in ids]


def lying_in(folder: Path, entries: Mapping[str, Entry], minutes: float) -> Results:
    """What earlier commands have left there."""
    found: Results = {}
    for entry in entries.values():
        for path in sorted(folder.glob(f"*_{entry.file(folder, '', '.json').name.removeprefix('_')}")):
            result = msgspec.json.decode(path.read_bytes(), type=Result)
            if result.minutes != minutes:
                sys.exit(f"{folder} holds readings after {result.minutes:g} minutes: name another folder with --out.")
            if result.instrument != INSTRUMENT:
                sys.exit(f"{folder} holds readings of instrument {result.instrument}, not {INSTRUMENT}: name another folder with --out.")
            found.setdefault(entry, {})[path.name.removesuffix(entry.file(folder, "", ".json").name)] = result
    return found


def write_whole(path: Path, text: str) -> None:
    """Two commands may share a folder."""
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


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
    entries = all_entries()
    wanted = chosen(options.only, entries)
    threads = use_all_cores()
    arguments = [f"--photos {' '.join(names)}", f"--minutes {minutes:g}", f"--only {' '.join(entry.id for entry in wanted)}"]
    run = [f"`bench_families.py {' '.join(arguments)}`", *described(), f"torch threads: {threads} for everything; instrument {INSTRUMENT}"]
    print("\n".join(run), flush=True)
    for name, path in paths.items():
        there = lying_in(options.out, entries, minutes)
        missing = [entry for entry in wanted if name not in there.get(entry, {})]
        note(f"{name}: {', '.join(entry.id for entry in missing) or 'all there'}")
        if not missing:
            continue
        header = probe_image(path)
        photo = load_photo(path, Crop(), default_working_side(header.width_px, header.height_px))
        judge = Judge.of(photo.pixels)
        for entry in missing:
            result = measured(entry, photo, judge, readings_min, entry.file(options.out, name, ".jpg"), run)
            write_whole(entry.file(options.out, name, ".json"), msgspec.json.encode(result).decode())
            found = lying_in(options.out, entries, minutes)
            write_whole(options.out / "report.md", report(found, options.out))
    print(afterwards())
    print(report(lying_in(options.out, entries, minutes), options.out))


if __name__ == "__main__":
    main()
