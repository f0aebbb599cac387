"""A message is read as mail programs and scanners read it."""

from email.message import EmailMessage
from email.policy import SMTP

from mailwake.simulate.mailbox import header_block, read_mail

TRACK = "http://127.0.0.1:8025"
PAGE = """<html><body>
<!--[if mso]><v:roundrect href="http://127.0.0.1:8025/c/m/mso"><center>Go</center></v:roundrect><![endif]-->
<!--[if !mso]><!-- --><a class=x href="http://127.0.0.1:8025/c/m/one?a=1&amp;b=2">Go</a><!--<![endif]-->
<a href='http://127.0.0.1:8025/c/m/two'>Two</a> <a href="https://elsewhere.example/c/m/x">Elsewhere</a>
<a href="mailto:a@example.com">Write</a> <a href="http://127.0.0.1:8025/u/bye">Unsubscribe</a>
<a href="http://127.0.0.1:8025/p/mine">Preferences</a>
<img src="https://images.example/logo.png"><img width=1 src="http://127.0.0.1:8025/o/pixel">
</body></html>"""


def mail(**headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "News"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("text")
    message.add_alternative(PAGE, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def test_links_of_the_tracking_host_are_found_in_document_order() -> None:
    found = read_mail(mail(), TRACK)
    assert found.links == (f"{TRACK}/c/m/one?a=1&b=2", f"{TRACK}/c/m/two")


def test_outlooks_own_links_are_kept_apart() -> None:
    assert read_mail(mail(), TRACK).mso_links == (f"{TRACK}/c/m/mso",)


def test_only_images_that_can_be_reached_are_loaded() -> None:
    assert read_mail(mail(), TRACK).images == (f"{TRACK}/o/pixel",)


def test_pages_are_no_links() -> None:
    found = read_mail(mail(), TRACK)
    assert (found.unsubscribe_page, found.preferences_page) == (f"{TRACK}/u/bye", f"{TRACK}/p/mine")


def test_one_click_needs_both_headers() -> None:
    url = f"{TRACK}/u/header"
    assert read_mail(mail(List_Unsubscribe=f"<{url}>"), TRACK).one_click is None
    both = mail(List_Unsubscribe=f"<mailto:a@example.com>, <{url}>", List_Unsubscribe_Post="List-Unsubscribe=One-Click")
    assert read_mail(both, TRACK).one_click == url


def test_a_message_without_html_offers_nothing() -> None:
    found = read_mail(b"Subject: x\r\n\r\nhttp://127.0.0.1:8025/c/m/one\r\n", TRACK)
    assert (found.links, found.images, found.one_click) == ((), (), None)


def test_the_header_block_is_returned_as_it_stands() -> None:
    assert header_block(b"A: 1\r\nB: 2\r\n\r\nbody") == b"A: 1\r\nB: 2\r\n"
