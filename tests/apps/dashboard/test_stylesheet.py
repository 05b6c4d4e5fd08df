# SPDX-License-Identifier: Apache-2.0
"""Colours can be told apart by everybody, in the light and in the dark."""

import re
from importlib.resources import files

import pytest
from tests.apps.dashboard.markup import contrast

STYLE = (files("pmcb_apps.dashboard") / "static" / "style.css").read_text()
SCHEMES = [
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{([^}]*)\}", STYLE)
]
TEXT = [
    *((ink, paper) for ink in ("text", "quiet", "link") for paper in ("page", "card")),
    *((ink, f"{ink}-back") for ink in ("good", "warn", "bad", "dull")),
    ("bad", "card"), ("side-text", "side"), ("side-quiet", "side"), ("side-text", "side-here"),
    ("mark", "link"),
]  # fmt: skip
SHAPES = [("bar", "card"), ("focus", "page"), ("focus", "card"), ("quiet", "card"),
          ("bar", "track"), ("bad", "track"), ("side-text", "side-here")]  # fmt: skip


def test_contrast_is_computed_as_the_guidelines_do():
    """Black on white is 21, a colour on itself 1, #767676 on white just above 4.5."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#336699", "#336699") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_text_and_shapes_stand_out(scheme: dict[str, str]):
    """Text by 4.5, shapes that carry a meaning by 3 (WCAG 2.1, 1.4.3 and 1.4.11)."""
    pale = {pair for pair in TEXT if contrast(scheme[pair[0]], scheme[pair[1]]) < 4.5}
    pale |= {pair for pair in SHAPES if contrast(scheme[pair[0]], scheme[pair[1]]) < 3}
    assert pale == set()


def test_both_schemes_name_every_colour():
    """And no colour stands anywhere else in the sheet."""
    light, dark = SCHEMES
    assert set(light) == set(dark)
    rest = re.sub(r":root \{[^}]*\}", "", STYLE)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", rest) == []
    assert set(re.findall(r"var\(--([a-z-]+)\)", rest)) <= set(light)


def test_nothing_is_fetched_from_elsewhere():
    """No font, no picture, no other sheet."""
    assert "url(" not in STYLE
    assert "@import" not in STYLE
