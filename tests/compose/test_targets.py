"""What may be tracked, what may not, and the word for why."""

import pytest
from tests.every import every

from mailwake.compose.targets import WhyNot, add_parameters, clean, is_address, judge_target
from mailwake.edge.locations import location
from mailwake.tokens import MAX_TARGET_BYTES


@every(
    "href",
    [
        "https://example.com",
        "http://example.com/",
        "HTTPS://EXAMPLE.COM/Up",
        "https://example.com:8443/a?b=c&d=e#f",
        "https://sub.example.co.uk/@user/a b|c",
        "https://bücher.example/ä?ö=ü",
        "https://例え.テスト/道",
        "https://xn--bcher-kva.example/",
        "https://example.com./",
        "https://under_score.example.com/",
        "http://192.0.2.1/a",
        "http://[2001:db8::1]:8080/a",
        "http://localhost/x",
        "https://example.com?a=b@c",
        "https://example.com/x?u=https://other.example/y",
        "https://example.com/%7B%7Bencoded%7D%7D",
        "https://example.com:/x",
    ],
)
def test_a_web_address_may_be_tracked(href: str) -> None:
    assert judge_target(href)[0] is None


@every(
    ("href", "why"),
    [
        ("", WhyNot.EMPTY),
        ("#", WhyNot.FRAGMENT),
        ("#top", WhyNot.FRAGMENT),
        ("mailto:a@example.com", WhyNot.SCHEME),
        ("tel:+1", WhyNot.SCHEME),
        ("cid:x", WhyNot.SCHEME),
        ("data:text/html,x", WhyNot.SCHEME),
        ("javascript:alert(1)", WhyNot.SCHEME),
        ("myapp://open", WhyNot.SCHEME),
        ("ftp://example.com/", WhyNot.SCHEME),
        ("/a", WhyNot.RELATIVE),
        ("a.html", WhyNot.RELATIVE),
        ("?q=1", WhyNot.RELATIVE),
        ("www.example.com", WhyNot.RELATIVE),
        ("//example.com/x", WhyNot.PROTOCOL_RELATIVE),
        ("\\\\example.com\\x", WhyNot.PROTOCOL_RELATIVE),
        ("https://user:pass@example.com/", WhyNot.USERINFO),
        ("https://example.com@evil.example/", WhyNot.USERINFO),
        ("https://example.com\\@evil.example/", WhyNot.UNSAFE),
        ("https://example.com/a\\b", WhyNot.UNSAFE),
        ("https:example.com", WhyNot.UNSAFE),
        ("https:///example.com", WhyNot.UNSAFE),
        ("https://", WhyNot.UNSAFE),
        ("https://ex。ample.com/", WhyNot.UNSAFE),
        ("https://\u217dom.example/", WhyNot.UNSAFE),
        ("http://0x7f.1/", WhyNot.UNSAFE),
        ("http://2130706433/", WhyNot.UNSAFE),
        ("http://127.0.0.01/", WhyNot.UNSAFE),
        ("https://exa mple.com/", WhyNot.BAD_HOST),
        ("https://example..com/", WhyNot.BAD_HOST),
        ("https://example.com%2f@x/", WhyNot.USERINFO),
        ("https://example.com%2fx/", WhyNot.BAD_HOST),
        ("https://example.com:0/", WhyNot.BAD_HOST),
        ("http://[bad]/", WhyNot.BAD_HOST),
        ("https://example.com:99999/", WhyNot.BAD_HOST),
        ("https://" + "ü" * 70 + ".example/", WhyNot.BAD_HOST),
        ("https://example.com/\0x", WhyNot.CONTROL),
        ("https://example.com/\x85x", WhyNot.CONTROL),
        ("https://example.com/\u202egnp.exe", WhyNot.CONTROL),
        ("https://example.com/\u200bx", WhyNot.CONTROL),
    ],
)
def test_everything_else_is_left_alone_and_named(href: str, why: WhyNot) -> None:
    assert judge_target(href)[0] is why


@every(
    "scheme",
    ["javascript", "data", "vbscript", "file", "blob", "about", "intent", "view-source", "ftp", "ws", "jar", "feed"],
)
@every(
    "disguise",
    [
        "{0}:", " {0}:", "\t{0}:", "\n{0}:", "\x00{0}:", "\x01{0}:", "\ufeff{0}:", "{1}:", "{2}\n{3}:", "{2}\t{3}:",
        "{2}\x00{3}:", "{0}\n:", "{0} :", "{0}:\n", "{0}://https://", "{0}:https://",
    ],
)  # fmt: skip
def test_no_disguise_makes_another_scheme_a_web_address(scheme: str, disguise: str) -> None:
    href = disguise.format(scheme, scheme.title().swapcase(), scheme[:3], scheme[3:]) + "example.com/alert(1)"
    assert judge_target(clean(href))[0] is not None
    assert judge_target(href)[0] is not None


@every(
    "tag",
    [
        "{{url}}", "{% url %}", "{{ link(", "%%unsub%%", "*|UNSUB|*", "[[link]]", "${url}", "<%= url %>", "{{{u}}}",
        "{!Contact.Link__c}", "{$url}", "{url}", "{contactfield=email}", "%recipient.url%", "%UNSUBSCRIBELINK%",
        "<?=$u?>", "#{url}", "$[LINK]$", "$LINK$", "[%link%]", "##link##", "@@link@@", "~Contact.Link~",
    ],
)  # fmt: skip
@every("before", ["", "https://example.com/?u=", "https://"])
def test_merge_tags_of_other_programs_stay(before: str, tag: str) -> None:
    assert judge_target(before + tag)[0] is WhyNot.PLACEHOLDER


@pytest.mark.parametrize(
    "path",
    [
        "%E2%82%AC", "?q=100%25%20off", "?q=%ab%cd", "?q=50%off%20now", "?a[b]=1&a[c]=2", "?$filter=a&$top=3",
        "?p=5$&q=7$", "~ann/x.y~z", "@ann/@bob", "#a#b", "?a={1}", "{}", "?q=a%20b%", "?a=-b-",
    ],
)  # fmt: skip
def test_signs_of_merge_tags_in_ordinary_addresses_are_no_merge_tags(path: str) -> None:
    assert judge_target(f"https://example.com/{path}")[0] is None


def test_the_longest_address_that_fits_is_tracked() -> None:
    longest = "https://example.com/".ljust(MAX_TARGET_BYTES, "x")
    assert judge_target(longest)[0] is None
    assert judge_target(longest + "x")[0] is WhyNot.TOO_LONG
    assert judge_target(longest[:-1] + "é")[0] is WhyNot.TOO_LONG


def test_white_space_goes_as_url_parsers_take_it() -> None:
    assert clean(" \x01https://exa\r\nmple.com/a\t b \n") == "https://example.com/a b"


@every(
    ("href", "result"),
    [
        ("https://example.com", "https://example.com?utm_source=news&utm_medium=e+mail"),
        ("https://example.com/?", "https://example.com/?utm_source=news&utm_medium=e+mail"),
        ("https://example.com/?a=1", "https://example.com/?a=1&utm_source=news&utm_medium=e+mail"),
        ("https://example.com/?a=1&", "https://example.com/?a=1&utm_source=news&utm_medium=e+mail"),
        ("https://example.com/?UTM_Source=x", "https://example.com/?UTM_Source=x&utm_medium=e+mail"),
        ("https://example.com/?a;utm_source;b", "https://example.com/?a;utm_source;b&utm_medium=e+mail"),
        ("https://example.com/#top?x", "https://example.com/?utm_source=news&utm_medium=e+mail#top?x"),
        (
            "https://example.com/%C3%A9?q=%20+ü#f",
            "https://example.com/%C3%A9?q=%20+ü&utm_source=news&utm_medium=e+mail#f",
        ),
    ],
)
def test_parameters_are_added_where_they_are_missing_and_nothing_else_changes(href: str, result: str) -> None:
    assert add_parameters(href, {"utm_source": "news", "utm_medium": "e mail"}) == result


ADDRESSES = """https://example.com/x
http://example.com
www.example.com
example.com
shop.example.co.uk/a?b
EXAMPLE.COM
» example.com
(https://example.com/)
example.com →
https:example.com
bücher.example.de"""
WORDS = """Shop now
Visit example.com today
v2.0
Hello. World
me@example.com
10.5 %
e.g. this
...
Mr.Smith"""


@every("text", ADDRESSES.splitlines())
def test_text_that_is_an_address(text: str) -> None:
    assert is_address(text)


@every("text", ["", *WORDS.splitlines()])
def test_text_that_is_no_address(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    ("href", "shown"),
    [
        ("https://\u0430pple.com/", "https://xn--pple-43d.com/"),  # a Cyrillic letter
        ("https://p\u0430yp\u0430l.com/x", "https://xn--pypl-53dc.com/x"),  # of both scripts
        ("https://\u0455\u0440\u0430\u0441\u0435.com/", "https://xn--80ak5af1h.com/"),
    ],
)
def test_a_host_that_looks_like_another_leads_there_by_its_plain_name(href: str, shown: str) -> None:
    """AT-09: letters that only look alike are spelled out, so that nobody who looks at where it leads is deceived."""
    assert judge_target(href)[0] is None
    assert location(href) == shown
