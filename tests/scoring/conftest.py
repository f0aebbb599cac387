from tests.insight.conftest import stores

__all__ = ["stores"]
