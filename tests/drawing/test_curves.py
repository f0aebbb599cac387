"""A share by age as columns: a line at the estimate, labels at round ages, and the forecast at the end."""

from mailwake.comparing.pace import DAY, AtAge, Ending
from mailwake.drawing import curves


def point(age: int, rate: float, *, reach: float = 0.02) -> AtAge:
    return AtAge(age=age, count=100 * rate, base=100, rate=rate, low=rate - reach, high=rate + reach)


def growing(last: int, *, to: float = 0.1) -> list[AtAge]:
    """Forty points whose ages grow in equal ratios from a minute."""
    return [point(round(60 * (last / 60) ** (n / 39)), to * (n + 10) / 49) for n in range(40)]


def ending(low: float, rate: float, high: float) -> Ending:
    return Ending(age=30 * DAY, count=100 * rate, rate=rate, low=low, high=high, confidence=0.9, earlier=2)


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


def test_the_line_lies_between_the_ends_of_the_interval() -> None:
    chart = curves.by_age(growing(5 * DAY), "Opened")
    for column in chart.columns:
        sure, maybe, line = column.parts
        assert line.kind == "estimate"
        assert percent(maybe.start) < percent(line.start) < percent(sure.start)


def test_labels_are_round_ages_in_their_places() -> None:
    chart = curves.by_age(growing(5 * DAY), "Opened")
    assert [each.text for each in chart.ticks] == ["1 min", "10 min", "1 h", "6 h", "1 d", "3 d"]
    places = [percent(each.x) for each in chart.ticks]
    assert places == sorted(places)
    assert abs((places[1] - places[0]) - (places[4] - places[0]) / 3.158) < 0.5, "a tenfold has the room of a tenfold"


def test_the_axis_ends_little_above_what_is_drawn() -> None:
    tops = [curves.by_age(growing(5 * DAY, to=to), "Opened").levels[0] for to in (0.0065, 0.021, 0.19, 0.41, 0.98)]
    assert [each.replace("\N{NO-BREAK SPACE}", "") for each in tops] == ["3.0%", "5.0%", "25.0%", "50.0%", "100%"]


def test_the_forecast_is_drawn_with_its_interval_until_copies_are_as_old() -> None:
    chart = curves.by_age(growing(5 * DAY), "Opened", ending(0.11, 0.13, 0.18))
    assert len(chart.columns) == 41
    assert chart.levels[0].startswith("20")
    last = chart.columns[-1]
    assert percent(last.x) + percent(last.width) == 100
    assert percent(chart.columns[-2].x) + percent(chart.columns[-2].width) < percent(last.x), "with a gap"
    assert [percent(each.length) for each in last.parts[:2]] == [55, 35]
    assert (chart.ticks[-1].text, chart.forecast) == ("30 d", "30\N{NO-BREAK SPACE}days")
    old = curves.by_age(growing(40 * DAY), "Opened", ending(0.11, 0.13, 0.18))
    assert (len(old.columns), old.forecast) == (40, "")


def test_nothing_is_drawn_of_nothing() -> None:
    chart = curves.by_age([], "Opened", ending(0.1, 0.2, 0.3))
    assert (chart.columns, chart.ticks) == ((), ())
