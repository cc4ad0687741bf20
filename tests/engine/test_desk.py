"""The retouching desk: a picture lies there, is worked on, kept or not, undone, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
import torch
from PIL import Image

from tests import tiny_family
from tests.imaging.textures import grains
from tests.tiny_operators import OPERATORS
from texgen_desktop.engine import messages as m
from texgen_desktop.engine.desk import Desk
from texgen_desktop.engine.model_file import load_model
from texgen_desktop.engine.source import Source
from texgen_desktop.errors import TexGenError
from texgen_desktop.imaging.colour import linear_to_srgb, srgb_to_linear, to_uint8
from texgen_desktop.operators import perspective
from texgen_desktop.slices import run_to_end

E = TypeVar("E")
TILE = to_uint8(grains(0, 64))
TURN = (m.StepSettings("turn"),)


class Session:
    """A desk, and what it has said."""

    def __init__(self) -> None:
        self.events: list[m.Event] = []
        self.desk = Desk(self.events.append, OPERATORS, torch.device("cpu"))

    def do(self, command: m.RetouchCommand, source: Source | None = None) -> None:
        work = self.desk.handle(command, source)
        if work is not None:
            run_to_end(work)

    def last(self, kind: type[E]) -> E:
        return next(event for event in reversed(self.events) if isinstance(event, kind))

    @property
    def picture(self) -> m.PictureInfo:
        picture = self.last(m.PictureChanged).picture
        assert picture is not None
        return picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tile.png"
    Image.fromarray(TILE).save(path)
    return path


@pytest.fixture
def session(path: Path) -> Session:
    session = Session()
    session.do(m.OpenPicture(path))
    return session


def test_an_opened_picture_is_shown_with_what_is_known_of_it(session: Session, path: Path) -> None:
    changed = session.last(m.PictureChanged)
    assert changed.image is not None
    np.testing.assert_array_equal(changed.image, TILE)
    assert changed.picture == m.PictureInfo("tile.png", path, 64, 64, 8, False, (True, True), (0, 0))
    session.do(m.SetWraps((False, True)))
    assert session.picture.wraps == (False, True)
    assert session.picture.is_saved


def test_a_result_is_kept_undone_and_redone_and_dropped(session: Session) -> None:
    session.do(m.Retouch(TURN))
    shown = session.last(m.ResultShown)
    assert (shown.is_final, shown.notes, shown.seam) == (True, ("Turn",), ((0, 0), (0, 0)))
    np.testing.assert_array_equal(shown.image, TILE[::-1])
    session.do(m.KeepResult())
    assert (session.picture.can_undo, session.picture.is_saved) == (True, False)
    session.do(m.Retouch((m.StepSettings("darken", (("amount", 1.0),)),)))
    session.do(m.DropResult())
    with pytest.raises(TexGenError, match="no result to keep"):
        session.do(m.KeepResult())
    session.do(m.UndoPicture())
    assert (session.picture.can_undo, session.picture.can_redo, session.picture.is_saved) == (False, True, True)
    np.testing.assert_array_equal(session.last(m.PictureChanged).image, TILE)
    session.do(m.RedoPicture())
    np.testing.assert_array_equal(session.last(m.PictureChanged).image, TILE[::-1])
    with pytest.raises(TexGenError, match="nothing to redo"):
        session.do(m.RedoPicture())


def test_a_result_that_waits_outlives_all_but_a_newer_one(session: Session, tmp_path: Path) -> None:
    session.do(m.Retouch(TURN))
    session.do(m.KeepResult())
    session.do(m.Retouch((m.StepSettings("darken", (("amount", 1.0),)),)))
    session.do(m.SetWraps((False, True)))
    session.do(m.Retouch((m.StepSettings("darken"),), region=m.Region(0, 0, 20, 20)))
    with pytest.raises(TexGenError, match="mask"):
        session.do(m.Retouch((m.StepSettings("fill"),)))
    with pytest.raises(TexGenError, match="waits to be kept"):
        session.do(m.UndoPicture())
    session.do(m.SavePicture(tmp_path / "turned.png"))
    assert (session.picture.is_saved, session.picture.has_result) == (True, True)
    with Image.open(tmp_path / "turned.png") as image:
        np.testing.assert_array_equal(np.asarray(image), TILE[::-1])
    session.do(m.KeepResult())
    assert (session.picture.wraps, session.picture.has_result) == ((False, True), False)
    assert not session.last(m.PictureChanged).image.any()


@pytest.mark.parametrize("is_linear", [False, True])
def test_colour_that_is_multiplied_with_its_opacity_is_shown_as_bright_as_it_is(is_linear: bool, tmp_path: Path) -> None:
    """Half white over the chequers: in light where the file holds light."""
    kind, name = ("float", "half.exr") if is_linear else ("uint8", "half.tif")
    pixels = np.full((32, 32, 4), 0.5 if is_linear else 128, np.float32 if is_linear else np.uint8)
    target = oiio.ImageOutput.create(str(tmp_path / name))
    assert target.open(str(tmp_path / name), oiio.ImageSpec(32, 32, 4, kind))
    assert target.write_image(pixels)
    target.close()
    session = Session()
    session.do(m.OpenPicture(tmp_path / name))
    ground = np.float32(0.75)  # of the first square
    wanted = linear_to_srgb(0.5 + 0.5 * srgb_to_linear(ground)) if is_linear else 0.5 + 0.5 * ground
    assert session.last(m.PictureChanged).image[0, 0, 0] == pytest.approx(255 * wanted, abs=2)
    assert abs(255 * (0.25 + 0.5 * ground) - 255 * wanted) > 20  # the control: multiplied twice


def test_kept_results_round_nothing_away(session: Session, tmp_path: Path) -> None:
    for amount in (0.5, 0.5):
        session.do(m.Retouch((m.StepSettings("darken", (("amount", amount),)),)))
        session.do(m.KeepResult())
    session.do(m.SavePicture(tmp_path / "dark.png", 16))
    with Image.open(tmp_path / "dark.png") as image:  # of 16 bits, which Pillow cuts to 8
        saved = np.asarray(image)
    assert np.abs(saved.astype(int) - np.floor(TILE / 4).astype(int)).max() <= 1
    assert session.desk.written == [tmp_path / "dark.png"]
    assert (session.picture.is_saved, session.picture.name) == (True, "dark.png")


def test_coarse_pictures_come_while_a_step_works_and_it_can_be_cancelled(session: Session) -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[:8, :8] = 1
    wish = m.Retouch((m.StepSettings("fill"),), mask=mask)
    work = session.desk.handle(wish, None)
    assert work is not None
    while not any(isinstance(event, m.ResultShown) for event in session.events):
        next(work)
    work.close()
    shown = session.last(m.ResultShown)
    assert (shown.is_final, shown.image.shape) == (False, (32, 32, 3))
    assert session.last(m.RetouchProgress).words.startswith("Fill")
    with pytest.raises(TexGenError, match="no result to keep"):
        session.do(m.KeepResult())
    session.do(wish)
    np.testing.assert_array_equal(session.last(m.ResultShown).image[:8, :8], 255)


def test_a_preview_shows_the_part_as_the_whole_will_be_also_across_the_edge_and_is_never_kept(session: Session) -> None:
    steps = (m.StepSettings("enlarge"), m.StepSettings("darken"))
    session.do(m.Retouch(steps))
    whole = session.last(m.ResultShown).image
    region = m.Region(56, 50, 20, 24)
    session.do(m.Retouch(steps, region=region))
    shown = session.last(m.ResultShown)
    assert (shown.region, shown.image.shape) == (region, (40, 48, 3))
    around = np.roll(whole, (-112, -100), (0, 1))[:40, :48]
    assert np.abs(shown.image.astype(int) - around).max() <= 1
    session.do(m.KeepResult())  # the result that waited, not the part
    assert (session.picture.width_px, session.picture.height_px) == (128, 128)


def test_a_tile_of_the_shown_model_can_be_laid_on_the_desk() -> None:
    session, model = Session(), tiny_family.TinyModel(dict(tiny_family.build_network().state_dict()))
    with pytest.raises(TexGenError, match="No texture is shown"):
        session.do(m.TakeTexture(m.Look(), (2, 3)))
    session.do(m.TakeTexture(m.Look(), (2, 3)), Source(Path("gravel.safetensors"), tiny_family.FAMILY, model))
    picture = session.picture
    assert (picture.name, picture.bits, picture.wraps, picture.is_saved) == ("gravel tile", 16, (True, True), False)
    assert (picture.height_px, picture.width_px) == (2 * model.cell_px, 3 * model.cell_px)


def test_a_tile_that_waits_stays_a_tile_however_the_picture_is_treated(session: Session) -> None:
    session.do(m.SetWraps((False, False)))
    session.do(m.Retouch((m.StepSettings("tile"),)))
    for wraps in ((True, True), (False, True)):
        session.do(m.SetWraps(wraps))
    session.do(m.KeepResult())
    assert session.picture.wraps == (True, True)


@pytest.mark.parametrize("shape", [(1, 9000), (9000, 1)])
def test_a_picture_of_one_line_is_shown(shape: tuple[int, int], tmp_path: Path) -> None:
    session = Session()
    Image.fromarray(np.full((*shape, 3), 200, np.uint8)).save(tmp_path / "line.png")
    session.do(m.OpenPicture(tmp_path / "line.png"))
    image = session.last(m.PictureChanged).image
    assert image is not None
    assert min(image.shape[:2]) == 1
    assert (image == 200).all()


def test_a_part_without_a_mask_stays_as_it_is_and_one_that_is_moved_elsewhere_cannot_be_tried(session: Session) -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[:4, :4] = 1
    region = m.Region(30, 30, 8, 8)
    session.do(m.SetWraps((False, False)))
    corner = m.Region(0, 0, 8, 8)
    session.do(m.Retouch((m.StepSettings("fill"),), mask=mask, region=corner))
    assert not np.array_equal(session.last(m.ResultShown).image, TILE[:8, :8])
    far = Session()
    large = np.tile(TILE, (6, 6, 1))
    far.do(m.TakePixels(large, "large"))
    mask = np.zeros(large.shape[:2], np.float32)
    mask[-4:, -4:] = 1
    far.do(m.SetWraps((False, False)))
    far.do(m.Retouch((m.StepSettings("fill"),), mask=mask, region=region))
    np.testing.assert_array_equal(far.last(m.ResultShown).image, large[30:38, 30:38])
    operators = OPERATORS | {"perspective": perspective.OPERATORS[0]}
    desk = Desk(lambda event: None, operators, torch.device("cpu"))
    run_to_end(desk.handle(m.TakePixels(large, "large"), None))
    with pytest.raises(TexGenError, match="cannot be tried on a part"):
        run_to_end(desk.handle(m.Retouch((m.StepSettings("perspective"),), region=region), None))


def test_pixels_come_from_another_program_and_go_there_with_their_alpha(session: Session) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 4), np.uint8)
    session.do(m.TakePixels(pixels, "Pasted picture"))
    picture = session.picture
    assert (picture.name, picture.path, picture.has_alpha, picture.is_saved) == ("Pasted picture", None, True, False)
    session.do(m.CopyPicture())
    np.testing.assert_array_equal(session.last(m.PictureCopied).pixels, pixels)
    session.do(m.Retouch(TURN))
    session.do(m.CopyPicture())  # the result is what is seen
    np.testing.assert_array_equal(session.last(m.PictureCopied).pixels, pixels[::-1])


def test_many_files_are_done_and_those_that_were_not_are_told(path: Path, tmp_path: Path) -> None:
    session = Session()
    with pytest.raises(TexGenError, match="There is no picture"):
        session.do(m.Retouch(TURN))
    out = tmp_path / "out"
    out.mkdir()
    session.do(m.RetouchFiles((path, tmp_path / "missing.png"), TURN, out))
    assert session.desk.written == [out / "tile.png"]
    ((missing, why),) = session.last(m.FilesFailed).failures
    assert missing.name == "missing.png"
    assert why.startswith("the file does not exist")


def test_what_an_operator_learnt_goes_into_a_model_file_or_nothing_does(path: Path, tmp_path: Path) -> None:
    session = Session()
    out = tmp_path / "mine.safetensors"
    for command, words in (
        (m.LearnEnhancer("turn", (path,), 1, out), "no step named turn that learns"),
        (m.LearnEnhancer("darken", (), 1, out), "nothing to learn from"),
        (m.LearnEnhancer("darken", (path,), 0, out), "0 minutes"),
        (m.LearnEnhancer("darken", (path,), 1, tmp_path / "mine.pt"), "has to end in .safetensors"),
        (m.LearnEnhancer("darken", (path,), 1, tmp_path / "no" / "mine.safetensors"), "does not exist"),
    ):
        with pytest.raises(TexGenError, match=words):
            session.do(command)
    assert not out.exists()
    session.do(m.LearnEnhancer("darken", (path,), 1, out, seed=7))
    file = load_model(out)
    assert (file.header, file.recipe["pictures"], file.recipe["seed"]) == ({"operator": "darken"}, ["tile.png"], 7)
    np.testing.assert_allclose(file.tensors["mean"].numpy(), (TILE / 255).mean((0, 1)), atol=1e-5)
