"""Options that could break a header are refused before any mail is made."""

from pathlib import Path

import pytest
from tests.every import every

from mailwake.compose.options import ComposeOptions
from mailwake.errors import BadInput
from mailwake.settings import parse


@every("value", ["a@example.com\r\nBcc: b@example.com", "a\nb", "a\0b", "a\x7fb"])
@every("name", ["unsubscribe_mailto", "feedback_id", "list_id"])
def test_a_line_end_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=name):
        ComposeOptions(**{name: value})  # type: ignore[arg-type]  # both are text


@pytest.mark.parametrize("value", ["Stop <stop@example.com>", "a@example.com, b@example.com", "a b@example.com"])
def test_only_a_bare_address_can_be_unsubscribed_at(value: str) -> None:
    with pytest.raises(BadInput):
        ComposeOptions(unsubscribe_mailto=value)


@pytest.mark.parametrize(
    "value", ["news.example.com", "News <news>", "<a b.example.com>", "Neuigkeitén <news.example.com>"]
)
def test_a_list_id_is_of_the_form_that_programs_read(value: str) -> None:
    with pytest.raises(BadInput, match="list_id is not of the form"):
        ComposeOptions(list_id=value)


@pytest.mark.parametrize("value", ["<news.example.com>", "News <news.example.com>", '"News, weekly" <a-1.b.example>'])
def test_a_list_id_may_have_a_name(value: str) -> None:
    assert ComposeOptions(list_id=value).list_id == value


def test_the_settings_of_an_installation_become_options() -> None:
    settings = parse(
        {
            "tracking": {"base_url": "https://Track.example.com", "former_hosts": ["OLD.example.com"]},
            "hosts": {"links.brand.example": {}},
            "compose": {"feedback_id": "sender", "utm": {"utm_source": "news"}, "decoys": True},
        },
        root=Path(),
    )
    options = ComposeOptions.from_settings(settings, campaign="7", stream="outbound")
    assert options.own_hosts == {"track.example.com", "old.example.com", "links.brand.example"}
    assert options.feedback_id == "7::outbound:sender"
    assert options.decoys
    assert options.utm == {"utm_source": "news"}


def test_without_a_sender_there_is_no_feedback_id() -> None:
    assert ComposeOptions.from_settings(parse({}, root=Path()), campaign="7").feedback_id == ""
