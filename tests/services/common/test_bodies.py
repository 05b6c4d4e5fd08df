# SPDX-License-Identifier: Apache-2.0
"""What callers send is read whole, or refused by the part that is to blame."""

import pytest
from pydantic import Field

from pmcb_services.common import ServiceError
from pmcb_services.common._bodies import Body, read_body


class Named(Body):
    """A document with a name."""

    name: str = ""
    more: dict[str, str] = Field(default={})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
        (b'{"name": "a", "name": "b"}', ""),
        (b'{"name": "\\ud800"}', ""),
        (b'{"more": {"\\uDFFF": ""}}', ""),
        (b'{"name": "\xed\xa0\x80"}', ""),
        ('{"name": "\\ud800"}'.encode("utf-16"), ""),
        (b'{"name": 7}', "name"),
        (b'{"nam": "a"}', ""),
    ],
)
def test_what_is_no_document_is_refused(body, field):
    """In words that can be written down, and without a value."""
    with pytest.raises(ServiceError) as caught:
        read_body(body, Named)
    assert (caught.value.code, caught.value.field) == ("BAD_REQUEST", field)
    assert str(caught.value).isascii()


def test_characters_of_two_halves_are_whole():
    """As JSON writes those beyond the first plane."""
    assert read_body(b'{"name": "\\ud83d\\ude00"}', Named).name == "\U0001f600"
    assert read_body(b"", Named) == Named()
