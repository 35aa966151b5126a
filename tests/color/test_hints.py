"""Claims about color hints as text."""

import re

import numpy as np
import pytest

from colorprep import InputError, rgb_to_lab
from colorprep.color.hints import ColorHint, parse_hints, strongest_of_hue


def test_hints_are_read_with_their_lines():
    """Both headers are read; blank lines, spaces, quotes and capitals do not matter."""
    _, a, b = rgb_to_lab(np.array([192, 48, 32], np.uint8)).tolist()
    lines = ["X, Y, Radius, Color", "", ' 40, 25, 3, "#C03020"', "0,0,0,#808080"]
    hints = parse_hints(lines, "x.csv")
    assert list(hints) == [3, 4] and hints[3] == ColorHint(40, 25, 3, a, b)
    assert np.hypot(*hints[4][3:]) < 0.01
    assert parse_hints(["x,y,radius,a,b", "1,2,0,-20.5,8e0"], "x.csv") == {
        2: ColorHint(1, 2, 0, -20.5, 8.0)
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "has no hints"),
        (["x,y,radius,color", '1,2,0,"#c03020'], "unexpected end of data"),
        (["x,y,radius,color"], "has no hints"),
        (["x,y,color", "1,2,#ff0000"], "line 1: expected the header"),
        (["1,2,3,#ff0000"], "line 1: expected the header"),
        (["x;y;radius;color", "1;2;3;#ff0000"], "line 1: expected the header"),
        (["x,y,radius,color", "", "1,2,3"], "line 3: expected 4 values, got 3"),
        (["x,y,radius,color", "1,2,3,20,30"], "line 2: expected 4 values, got 5"),
        (["x,y,radius,color", "1.5,2,3,#ff0000"], "line 2: x is '1.5'"),
        (["x,y,radius,color", "1,nan,3,#ff0000"], "line 2: y is 'nan'"),
        (["x,y,radius,color", "1,2,-1,#ff0000"], "line 2: the radius is -1"),
        (["x,y,radius,color", "1,2,3,red"], "line 2: the color is 'red'"),
        (["x,y,radius,color", "1,2,3,#ff00"], "line 2: the color is '#ff00'"),
        (["x,y,radius,a,b", "1,2,3,40,"], "line 2: a,b is '40,'"),
        (["x,y,radius,a,b", "1,2,3,nan,0"], "line 2: a,b is nan,0.0"),
        (["x,y,radius,a,b", "1,2,3,0,inf"], "line 2: a,b is 0.0,inf"),
        (["x,y,radius,a,b", "1,2,3,110,0"], "sRGB has no color of a=110, b=0"),
    ],
)
def test_bad_hints_are_refused(lines, message):
    """What cannot be a hint is refused with its file and line."""
    with pytest.raises(InputError, match="^x.csv") as refusal:
        parse_hints(lines, "x.csv")
    assert re.search(re.escape(message), str(refusal.value))


def test_every_color_of_srgb_can_be_a_hint():
    """No 8-bit color is refused when its ab is given in whole units; farther ones are."""
    levels = np.linspace(0, 255, 6).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    surface = cube[((cube == 0) | (cube == 255)).any(axis=1)]
    ab = rgb_to_lab(surface)[:, 1:]
    rows = [f"0,0,0,{a:.0f},{b:.0f}" for a, b in ab]
    assert len(parse_hints(["x,y,radius,a,b", *rows], "x.csv")) == len(surface)
    for color in ab[np.hypot(*ab.T) > 20]:
        strongest = strongest_of_hue(*(4.0 * color))
        assert np.hypot(*strongest) > np.hypot(*color) - 1.0
        assert np.arctan2(*strongest) == pytest.approx(np.arctan2(*color))
