"""Rules are read from files, and what cannot be is refused with what to write instead; those of the how-to can be."""

import re
from pathlib import Path

import pytest

from mailwake.rules.reading import Allowed, BadRule, read_file
from mailwake.rules.rule import Rule, Trigger

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "workflows.md"
FIELDS = frozenset({"Contact.Rating__c", "Contact.HasOptedOutOfEmail", "Lead.DoNotCall"})
ALLOWED = Allowed(fields=FIELDS, endpoints=frozenset({"crm"}))
TASK = "[task]\n"


def read(folder: Path, text: str, name: str = "one") -> list[Rule]:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return list(read_file(path, ALLOWED))


def test_the_six_rules_of_the_how_to_can_be(tmp_path: Path) -> None:
    (tmp_path / "stay.html").write_text("<p>Shall we go on?</p>", encoding="utf-8")
    told = re.findall(r"```toml file=([\w-]+)\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.DOTALL)
    found = [rule for name, text in told for rule in read(tmp_path, text, name)]
    assert [rule.name for rule in found] == ["pricing", "came-back", "account-stirs", "hot", "new-address", "stay"]
    assert {rule.trigger for rule in found} == {
        Trigger.CLICK, Trigger.RETURN, Trigger.ACCOUNT, Trigger.HOT, Trigger.BOUNCE, Trigger.SILENCE,
    }  # fmt: skip


def test_the_how_to_tells_every_key_and_every_trigger() -> None:
    page = HOWTO.read_text(encoding="utf-8")
    keys = set(Rule.__dataclass_fields__) - {"name", "version", "path"}
    assert [key for key in (*keys, *Trigger) if f"`{key}`" not in page and f"`[{key}]`" not in page] == []


def test_several_rules_may_stand_in_one_file_and_a_change_is_another_version(tmp_path: Path) -> None:
    text = '[rule.a]\ntrigger = "click"\n[rule.a.task]\n[rule.b]\ntrigger = "bounce"\n[rule.b.task]\n'
    first = read(tmp_path, text)
    assert [rule.name for rule in first] == ["a", "b"]
    again = read(tmp_path, text.replace("bounce", "reply") + "# a comment\n")
    assert [one.version == two.version for one, two in zip(first, again, strict=True)] == [True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trigger = ", "is not TOML"),
        ('triger = "click"\n' + TASK, "did you mean trigger?"),
        ('trigger = "click"\n[task]\nsubjet = "x"\n', "did you mean subject?"),
        ('trigger = "opened"\n' + TASK, "Invalid enum value"),
        ('trigger = "click"\n', "it does nothing"),
        ('trigger = "click"\np_human = 0.4\n' + TASK, "p_human must be 0.5 to 1"),
        ('trigger = "click"\ndays = 3\n' + TASK, "days means nothing to trigger 'click'"),
        ('trigger = "click"\nagain = "weekly"\n' + TASK, '"after 7d"'),
        ('trigger = "click"\nwho = "clickd"\n' + TASK, "who: at character 1"),
        ('trigger = "hot"\nscore = 5\nhysteresis = 5\n' + TASK, "hysteresis"),
        ('trigger = "return"\ntimes = 1\n' + TASK, "times must be 2 or more"),
        ('trigger = "click"\n[task]\nsubject = "{adress}"\n', "there is no {adress}"),
        ('trigger = "click"\n[task]\npriority = "Urgent"\n', "High, Normal or Low"),
        ('trigger = "click"\n[webhook]\nendpoint = "nobody"\n', "there are: crm"),
        ('trigger = "click"\n[letter]\nfile = "a.html"\n', "say mail = true"),
        ('trigger = "click"\nmail = true\n' + TASK, "has no letter"),
        ('trigger = "click"\nmail = true\n[letter]\nfile = "a.html"\n', "there is no a.html"),
        ('trigger = "click"\n[campaign_member]\ncampaign = "003000000000001"\n', "begins with 701"),
        ('trigger = "click"\n[campaign_member]\ncampaign = "x"\n', "is no Salesforce id"),
        ('trigger = "click"\n[field]\nname = "Contact.Other__c"\nvalue = 1\n', "may not be set"),
        ('trigger = "click"\n[field]\nname = "Rating__c"\nvalue = 1\n', "must be such as Contact.Rating__c"),
        ('trigger = "click"\n[field]\nname = "Contact.HasOptedOutOfEmail"\nvalue = false\n', "only set it to true"),
        ('trigger = "click"\n[field]\nname = "Lead.DoNotCall"\nvalue = 0\n', "only set it to true"),
        ("task = 3\ntrigger = 'click'\n", "write it as [task]"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadRule) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert "one.toml" in str(refused.value)


def test_a_wish_for_less_mail_may_be_set_and_our_own_fields_may_not(tmp_path: Path) -> None:
    (rule,) = read(tmp_path, 'trigger = "complaint"\n[field]\nname = "Contact.HasOptedOutOfEmail"\nvalue = true\n')
    assert rule.field is not None
    path = tmp_path / "own.toml"
    path.write_text('trigger = "click"\n[field]\nname = "Contact.Engagement_Score__c"\nvalue = 100\n', encoding="utf-8")
    with pytest.raises(BadRule, match="kept by Mailwake itself"):
        list(read_file(path, Allowed(fields=frozenset({"Contact.Engagement_Score__c"}))))


def test_a_name_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRule, match="small letters"):
        read(tmp_path, 'trigger = "click"\n' + TASK, "Ünder score")
