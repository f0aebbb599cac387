"""`mailwake demo`: the main job, played with a crowd."""

from mailwake.cli.demo.play import command

__all__ = ["command"]
