"""The engine that draws charts: Vega-Lite in, SVG and PNG out.

Decides that it knows no fonts but the ones it brings along, so that a chart has the same bytes on every machine. It
knows nothing of what is drawn.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import vl_convert

_NO_FONTS = Path(__file__).with_name("fonts.conf")
_VARIABLE = "FONTCONFIG_FILE"
_NOT_IN_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
_SUSPECT = re.compile(r"\\u00[01]|\\[bf]|[\ufffe\uffff]")
"""What JSON has in the place of such characters, and sometimes else."""


def _load_fonts() -> None:
    """Let the engine load its fonts now, and find none of the machine's.

    It loads them once, with the first picture, however small. Fonts of a machine would be measured ten times as slowly,
    and differ from the next machine's.
    """
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(_NO_FONTS)
    try:
        vl_convert.svg_to_png('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
    finally:
        del os.environ[_VARIABLE]
        if before is not None:
            os.environ[_VARIABLE] = before


_load_fonts()


def warm() -> None:
    """Start the engine, which takes a third of a second, so that the first chart does not wait for it."""
    svg({"data": {"values": []}, "mark": "point"})


def svg(spec: Mapping[str, Any]) -> str:
    """Draw a Vega-Lite chart as SVG. One at a time: the engine keeps the interpreter's lock while it draws.

    A character that XML does not know would end the whole process; such are left out.
    """
    given = orjson.dumps(spec).decode()
    if _SUSPECT.search(given):
        given = orjson.dumps(_clean(spec)).decode()
    return str(vl_convert.vegalite_to_svg(given, allowed_base_urls=[]))


def clean(text: str) -> str:
    """Leave out the characters that XML does not know."""
    return text.translate(_NOT_IN_XML)


def _clean(part: Any) -> Any:
    if isinstance(part, str):
        return clean(part)
    if isinstance(part, Mapping):
        return {_clean(name): _clean(value) for name, value in part.items()}
    return [_clean(one) for one in part] if isinstance(part, list | tuple) else part


def png(svg: str, scale: float) -> bytes:
    """Make a PNG of an SVG."""
    return bytes(vl_convert.svg_to_png(svg, scale=scale))
