from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.survey.markup import words_of


@pytest.mark.parametrize(
    ("html", "text", "lost"),
    [
        ("Plain  text\nas it is", "Plain  text\nas it is", []),
        ("a < b & c", "a < b & c", []),
        ("Fish &amp; chips&nbsp;&eacute;", "Fish & chips é", []),
        ("One<br>Two<br/><br />Three", "One\nTwo\n\nThree", []),
        ("<p>One\n  more</p><p>Two</p>", "One more\n\nTwo", []),
        ("Ask<div><br></div><div>more</div>", "Ask\n\nmore", []),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb", []),
        ('<span style="x">In</span> <b>line</b>', "In line", []),
        ("<style>p {}</style><script>x()</script>Seen", "Seen", ["a script"]),
        ("<img src=x>Look", "Look", ["a picture"]),
        ('<a href="https://x.org">here</a>', "here", ["the link to https://x.org"]),
        ("<a name=x>here</a>", "here", []),
        ("<!-- no -->yes", "yes", []),
        ("<b", "<b", []),
    ],
)
def test_html_as_text(html: str, text: str, lost: list[str]) -> None:
    assert words_of(html) == (text, lost)


@given(st.text("<>/=\"'&; \nabp!-", max_size=40))
@settings(max_examples=100)
def test_any_text_is_read(html: str) -> None:
    text, _ = words_of(html)
    assert text == text.strip()
