"""The recipe of an exported picture as text: written into the file, and read back with suspicion."""

from __future__ import annotations

import msgspec

from texgen_desktop.engine.look import check_look
from texgen_desktop.engine.messages import Recipe
from texgen_desktop.errors import TexGenError

FORMAT_VERSION = 1
_MAX_TEXT_CHARS = 100_000


class _Envelope(msgspec.Struct, tag_field="format", tag="texgen-recipe"):
    """``format_version`` grows when a reader of today would misread the recipe of tomorrow."""

    format_version: int
    recipe: msgspec.Raw


def recipe_to_json(recipe: Recipe) -> str:
    return msgspec.json.encode(_Envelope(FORMAT_VERSION, msgspec.Raw(msgspec.json.encode(recipe)))).decode()


def recipe_from_json(text: str) -> Recipe | None:
    """None when the text is none of ours; TexGenError when it is ours and cannot be used."""
    if len(text) > _MAX_TEXT_CHARS:
        return None
    try:
        envelope = msgspec.json.decode(text.encode(errors="replace"), type=_Envelope)
    except msgspec.DecodeError:
        return None
    if envelope.format_version > FORMAT_VERSION:
        raise TexGenError("The recipe in this picture was written by a newer version of TexGen.", "Update TexGen to restore its settings.")
    try:
        recipe = msgspec.json.decode(envelope.recipe, type=Recipe)
        check_look(recipe.look)
    except (msgspec.DecodeError, TexGenError) as error:
        raise _damaged() from error
    if min(recipe.width_px, recipe.height_px) < 1:
        raise _damaged()
    return recipe


def _damaged() -> TexGenError:
    return TexGenError("The recipe in this picture is damaged.", "Use the picture as a photo, or open another export.")
