"""Takes a trained model into models/, with its card and picture: python packaging/ship_model.py MODEL NAME --title T --photo gravel.jpg ...

The card says what the model was trained on and under which licence, the command, time and machine, and scores that are measured here on
seeds 0 to 2, unchosen; of a model of whole pictures how far as many new ones are from those in --pictures, the folder it learnt from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the repository comes first
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402

from tests.benchmarks.bench_families import is_taught_spectrum  # noqa: E402
from tests.benchmarks.bench_images import cut, distance_to, read_pictures, sheet  # noqa: E402
from texgen_desktop.data.photos import default_working_side, load_photo  # noqa: E402
from texgen_desktop.engine.messages import Crop  # noqa: E402
from texgen_desktop.engine.model_file import load_model  # noqa: E402
from texgen_desktop.engine.source import Source, open_source  # noqa: E402
from texgen_desktop.families import Look, Region, RenderRequest, discover  # noqa: E402
from texgen_desktop.imaging.read import probe_image  # noqa: E402
from texgen_desktop.imaging.score import Judge, Score, diversity  # noqa: E402

MODELS, SAMPLES = ROOT / "models", ROOT / "resources" / "samples"
TILE_PX, PICTURE_PX = 512, 384
SEEDS = (0, 1, 2)


def tile(source: Source, seed: int) -> NDArray[np.float32]:
    """(512, 512, 3), or as many whole cells as come nearest."""
    cells = max(1, round(TILE_PX / source.model.cell_px))
    side = cells * source.model.cell_px
    return source.render(RenderRequest(Look(layout_seed=seed, detail_seed=seed), Region(0, 0, side, side), (cells, cells)))


def scores(source: Source, photo_path: Path) -> tuple[list[Score], float | None]:
    """Of each seed, and how far the seeds differ from each other; a model of one tile has only that."""
    header = probe_image(photo_path)
    photo = load_photo(photo_path, Crop(), default_working_side(header.width_px, header.height_px))
    judge = Judge.of(photo.pixels)
    tiles = [tile(source, seed) for seed in SEEDS[: len(SEEDS) if source.model.seeds else 1]]
    return [judge.score(made) for made in tiles], diversity(tiles) if len(tiles) > 1 else None


def picture_score(source: Source, folder: Path) -> list[str]:
    """Lines of the card: the Frechet distance of random features to the pictures that it learnt from."""
    pictures = read_pictures(folder, source.model.cell_px)
    real = pictures.batch(np.random.default_rng(0).permutation(len(pictures)))
    made = cut(sheet(source.family, source.model, -(-len(real) // 8), 8), source.model.cell_px)[: len(real)]
    found, floor = distance_to(real)(made), distance_to(real[::2])(real[1::2])
    return [
        "Frechet distance of random features (`texgen_desktop/nn/picture_features.py`)",
        f"from {len(made):,} new pictures of seed 0, unchosen,",
        f"to the {len(real):,} that it learnt from: **{found:.1f}**; from one half of those to the other {floor:.1f}.",
        "",
    ]


def credit(photo: str) -> str:
    """The line of the sample's credits."""
    lines = (SAMPLES / "CREDITS.md").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if f"`{photo}`" in line)


def card(options: argparse.Namespace, source: Source, recipe: dict[str, Any], measured: list[Score], more: list[str]) -> str:
    config = ", ".join(f"{name} {value}" for name, value in recipe["config"].items())
    sliders = ", ".join(slider.title for slider in source.model.sliders) or "none: the tile itself is the model"
    lines = [
        f"# {options.title}",
        "",
        f"![{options.title}]({options.name}.jpg)",
        "",
        f"* **Learnt from** {', '.join(f'`resources/samples/{photo}`' for photo in options.photo)}, CC0 1.0; author and source in",
        "  [its credits](../resources/samples/CREDITS.md).",
        f"* **Command** `{options.command}`",
        f"* **Trained** {options.date} on {options.machine}, {options.time};",
        f"  {recipe['images_seen']:,} of {recipe['images_total']:,} images.",
        f"* **Family** {source.family.id.replace('_', '-')}: {config}.",
        f"* **Sliders** {sliders}.",
        f"* **SHA-256** of the weights `{source.sha256}`.",
        "",
    ]
    if measured:
        lines += [
            "Scores of a 512 px tile by `texgen score`, seeds 0 to 2, unchosen (structure: 0 is another crop of the photo, 1 is noise of",
            "its spectrum; seam: 0 where the edge is like any other column; copy: the share of patches that lie suspiciously near to",
            "the photo):",
            "",
            "| seed | structure | palette | spectrum, dB | seam | copy |",
            "|---|---|---|---|---|---|",
            *(score_row(k, score, is_taught_spectrum(source.family, recipe["config"])) for k, score in enumerate(measured)),
            "",
        ]
    return "\n".join(lines + more)


def score_row(seed: int, score: Score, is_taught: bool) -> str:
    spectrum = "trained on" if is_taught else f"{score.spectrum:.2f}"
    seam = max(score.seam_x, score.seam_y)
    return f"| {seed} | {score.structure:.2f} | {score.palette:.3f} | {spectrum} | {seam:.2f} | {score.copy:.1%} |"


def take_into_index(name: str, title: str, family: str) -> None:
    path = MODELS / "index.json"
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    entry = {"title": title, "name": name, "family": family}
    known = [each["name"] for each in entries]
    if name in known:
        entries[known.index(name)] = entry
    else:
        entries.append(entry)
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("name")
    parser.add_argument("--title", required=True)
    parser.add_argument("--photo", required=True, nargs="+", help="names in resources/samples")
    parser.add_argument("--pictures", type=Path, help="the folder that a model of whole pictures learnt from")
    for name in ("command", "time", "machine", "date"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    for photo in options.photo:
        credit(photo)
    source = open_source(options.model, discover(), torch.device("cpu"))
    recipe = load_model(options.model).recipe
    is_texture = source.family.makes == "textures"
    measured, differ = scores(source, SAMPLES / options.photo[0]) if is_texture else ([], None)
    more = picture_score(source, options.pictures) if options.pictures else []
    if differ is not None:
        more += [f"Diversity of these tiles: {differ:.2f} (1: they have nothing to do with each other).", ""]
    shutil.copyfile(options.model, MODELS / f"{options.name}.safetensors")
    picture = (tile(source, 1)[:PICTURE_PX, :PICTURE_PX] * 255 + 0.5).astype(np.uint8)
    Image.fromarray(picture).save(MODELS / f"{options.name}.jpg", quality=88)
    (MODELS / f"{options.name}.md").write_text(card(options, source, recipe, measured, more), encoding="utf-8")
    take_into_index(options.name, options.title, source.family.id)


if __name__ == "__main__":
    main()
