"""The map: every country has its place, and a disc is as large as its people."""

from mailwake.drawing import world
from mailwake.insight.answers import Group
from mailwake.insight.report import country_names
from mailwake.insight.tally import NOBODY, reaction


def group(name: str | None, people: int) -> Group:
    return Group(name=name, label=name or "unknown", opened=reaction(human=people, machine=9), clicked=NOBODY)


def test_every_country_has_a_place_on_the_earth() -> None:
    assert set(country_names()) <= set(world.places()) | {"BV", "HM"}  # islands where nobody lives
    assert all(-180 <= east <= 180 and -90 <= north <= 90 for east, north in world.places().values())
    east, north = world.places()["JP"]
    assert (round(east), round(north)) == (140, 36)


def test_area_grows_with_people_and_the_rest_is_faint() -> None:
    found = world.dots([group("DE", 100), group("FR", 25), group(None, 70), group("proxied", 5)], "opened")
    there = [dot for dot in found if dot.radius]
    assert [dot.says for dot in there] == ["DE: 100", "FR: 25"], "machines and the unknown are on no map"
    assert float(there[0].radius) == 2 * float(there[1].radius)
    assert len(found) > 230
    assert all(0 <= float(dot.x) <= world.WIDTH and 0 <= float(dot.y) <= world.HEIGHT for dot in found)
    assert not [dot for dot in world.dots([], "clicked") if dot.radius]
