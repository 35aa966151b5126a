"""Claims about options of figures: what cannot be drawn, or is not drawn, is refused."""

import pytest


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("prior x --theme light", "need --plot FILE"),
        ("prior x --plot prior.gif", ".png or .pdf or .svg; got prior.gif"),
        ("prior x --plot p.pdf --figure-size 3.5x2.5", "too narrow: it needs 5 inches or more"),
        ("report --figures f --figure-size 2", "too narrow: it needs 2.5 inches or more"),
        ("report --dpi 300", "need --figures"),
        ("rgbvar x --no-title", "need --montage"),
        ("plot --figure-format pdf -o curves.png", "written as .pdf; got curves.png"),
        ("plot --figure-size 3.5x", "WIDTHxHEIGHT or WIDTH, in inches, such as 3.5x2.5"),
        ("plot --figure-size 350x250", "1 to 40 inches"),
    ],
)
def test_mistakes_are_told(colorprep, tmp_path, line, says):
    """The message says what is missing, or what a figure can be."""
    (tmp_path / "prior.npz").touch()  # or else `report` misses it first
    result = colorprep(*line.split())
    assert result.exit_code == 2 and says in " ".join(result.stderr.split())


def test_prior_draws_itself(colorprep, photographs, tmp_path):
    """With --plot, the figure is written too, and named in the result; merging draws the sum."""
    result = colorprep("prior", photographs, "-q", "--plot", "figures/p.svg", "--theme", "dark")
    assert result.stdout.splitlines()[-1] == "figures/p.svg: the prior and its weights"
    svg = (tmp_path / "figures/p.svg").read_text()
    assert "a: green to red (CIELAB)" in svg and "prefers-color-scheme" not in svg
