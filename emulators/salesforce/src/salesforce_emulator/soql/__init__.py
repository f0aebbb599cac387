"""The subset of SOQL that is answered; what lies outside of it is never guessed at."""

from .grammar import parse
from .tree import Query

__all__ = ["Query", "parse"]
