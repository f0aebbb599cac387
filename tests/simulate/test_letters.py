"""Mail that was taken is on disk, and can be read while more comes in."""

import asyncio
from pathlib import Path

from mailwake.simulate.letters import Letter, LetterWriter, count_letters, read_letters


def letter(number: int, size: int = 100) -> Letter:
    return Letter(number, "news@example.com", f"r{number}@example.com", b"x" * size)


def keep(path: Path, *batches: list[Letter]) -> None:
    async def write() -> None:
        writer = LetterWriter(path)
        await asyncio.gather(*(writer.keep(batch) for batch in batches))
        writer.close()

    asyncio.run(write())


def test_what_was_kept_is_read_in_order(tmp_path: Path) -> None:
    keep(tmp_path / "letters", [letter(1), letter(2)], [letter(3, size=70_000)])
    assert [each.at for each in read_letters(tmp_path / "letters")] == [1, 2, 3]


def test_a_half_written_record_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "letters"
    keep(path, [letter(1), letter(2)])
    path.write_bytes(path.read_bytes()[:-1])
    assert [each.at for each in read_letters(path)] == [1]
    assert count_letters(path) == 1


def test_no_file_is_no_letters(tmp_path: Path) -> None:
    assert list(read_letters(tmp_path / "none")) == []
    assert count_letters(tmp_path / "none") == 0


def test_many_who_wait_are_all_told(tmp_path: Path) -> None:
    keep(tmp_path / "letters", *([letter(number)] for number in range(200)))
    assert count_letters(tmp_path / "letters") == 200


def test_a_writer_goes_on_where_another_ended(tmp_path: Path) -> None:
    keep(tmp_path / "letters", [letter(1)])
    keep(tmp_path / "letters", [letter(2)])
    assert [each.at for each in read_letters(tmp_path / "letters")] == [1, 2]
