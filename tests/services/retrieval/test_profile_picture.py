# SPDX-License-Identifier: Apache-2.0
"""A colour's profile as a picture."""

import xml.etree.ElementTree as ET

from pmcb_services.retrieval._profile_picture import profile_picture


def finding(attribute, low, lift, *, p=1.0, small=False):
    """One bin."""
    bounds = {"attribute": attribute, "low": low, "high": low + 9}
    return {**bounds, "lift": lift, "p_holm": p, "small": small}


def test_an_empty_profile_is_a_picture():
    """Of nothing but its title."""
    assert ET.fromstring(profile_picture("x", [])).tag.endswith("svg")


def test_each_bin_is_a_cell():
    """Red where patients crowd, blue where they lack; a border where that is sure."""
    found = [
        finding("HR", 90, 4.0, p=0.01),
        finding("HR", 80, 0.25, small=True),
        finding("<b>", 3, None),
    ]
    text = profile_picture("a & b", found)
    root = ET.fromstring(text)
    cells = [each for each in root if each.tag.endswith("rect")][1:]
    words = [each.text for each in root if each.tag.endswith("text")]
    assert len(cells) == 3
    assert words[0] == "a & b: where its patients crowd"
    assert {"<b>", "4.00", "0.25 n", "-", "90 to 99"} <= set(words)
    assert words.index("0.25 n") < words.index("4.00")  # by value, not by lift
    fills: dict[str, list[tuple[str, str]]] = {each.get("y", ""): [] for each in cells}
    for each in cells:
        fills[each.get("y", "")].append((each.get("fill", ""), each.get("stroke", "")))
    (none,), (rare, crowded) = fills.values()
    assert none[0] == "#f5f5f5"
    assert crowded[1] == "#222" != rare[1]
    red, blue = (int(shade[0][1:3], 16) > int(shade[0][5:7], 16) for shade in (crowded, rare))
    assert red
    assert not blue
