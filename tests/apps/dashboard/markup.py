# SPDX-License-Identifier: Apache-2.0
"""What a page is made of, and what would keep somebody from using it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = {"br", "img", "input", "link", "meta", "path", "rect", "wbr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    above: tuple[str, ...]
    text: str = ""


@dataclass
class Markup(HTMLParser):
    """All elements of a page, in order, each with the text inside it."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []

    def handle_starttag(self, tag, attrs):
        made = Element(tag, {k: v or "" for k, v in attrs}, tuple(each.tag for each in self._open))
        self.elements.append(made)
        if tag not in _VOID:
            self._open.append(made)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        if tag not in _VOID:
            assert self._open, f"</{tag}> closes nothing"
            last = self._open.pop()
            assert last.tag == tag, f"</{tag}> closes <{last.tag}>"

    def handle_data(self, data):
        for each in self._open:
            each.text += data

    def all(self, *tags: str) -> list[Element]:
        return [each for each in self.elements if each.tag in tags]


def read(page: str) -> Markup:
    made = Markup()
    made.feed(page)
    made.close()
    return made


def faults(page: str) -> list[str]:
    """Everything that is wrong with a page, in words."""
    made = read(page)
    return [*_outline(made), *_names(made), *_inline(made)]


def _outline(made: Markup) -> Iterator[str]:
    """Language, landmarks, headings and ids."""
    if made.elements[0].attributes.get("lang") != "en":
        yield "no language"
    for tag in ("main", "h1", "header", "title"):
        if sum(each.tag == tag and "svg" not in each.above for each in made.elements) != 1:
            yield f"not one {tag}"
    levels = [int(each.tag[1]) for each in made.all("h1", "h2", "h3", "h4")]
    if levels[:1] != [1] or any(b > a + 1 for a, b in pairwise(levels)):
        yield f"headings jump: {levels}"
    navs = [each.attributes.get("aria-label", "") for each in made.all("nav")]
    if not all(navs) or len(set(navs)) != len(navs):
        yield f"navigations are not told apart: {navs}"
    ids = [each.attributes["id"] for each in made.elements if "id" in each.attributes]
    yield from (f"two elements are called {name}" for name in set(ids) if ids.count(name) > 1)


def _names(made: Markup) -> Iterator[str]:
    """Whether everything that is used or seen has words."""
    targets = {each.attributes.get("for") for each in made.all("label")}
    for each in made.all("input", "select", "textarea"):
        if each.attributes.get("id") not in targets:
            yield f"an {each.tag} has no label"
    for each in made.all("a", "button", "th", "h1", "h2", "option", "label"):
        if not each.text.strip():
            yield f"an empty {each.tag}"
    yield from ("an img has no alt" for each in made.all("img") if "alt" not in each.attributes)
    yield from ("a th has no scope" for each in made.all("th") if "scope" not in each.attributes)
    ids = {each.attributes.get("id") for each in made.elements}
    for each in made.all("svg"):
        named = each.attributes.get("aria-label") or each.attributes.get("aria-labelledby") in ids
        if each.attributes.get("role") != "img" or not named:
            yield "an svg has no words"


def _inline(made: Markup) -> Iterator[str]:
    """What the policy of the pages forbids, and ways out of them."""
    for each in made.elements:
        for name, value in each.attributes.items():
            if name == "style" or name.startswith("on"):
                yield f"inline {name} in {each.tag}"
            if name in {"href", "src", "action"} and re.match(r"[a-z]+:|//", value):
                yield f"{each.tag} leads away"
    yield from ("an inline script" for each in made.all("script") if "src" not in each.attributes)
    yield from ("an inline style" for _ in made.all("style"))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of ``#rrggbb``."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.1), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
