"""The engine that draws charts: Vega-Lite in, SVG and PNG out.

Decides that it knows no fonts but the ones it brings along, so that a chart has the same bytes on every machine. It
knows nothing of what is drawn.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import vl_convert

_NO_FONTS = Path(__file__).with_name("fonts.conf")
_VARIABLE = "FONTCONFIG_FILE"


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


def svg(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite chart as SVG. One at a time: the engine keeps the interpreter's lock while it draws."""
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def png(svg: str, scale: float) -> bytes:
    """Make a PNG of an SVG."""
    return bytes(vl_convert.svg_to_png(svg, scale=scale))
