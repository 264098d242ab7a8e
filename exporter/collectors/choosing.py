"""Which of a host's devices are shown. Knows no device and no setting."""

from collections.abc import Callable


def shown(
    included: Callable[[str], bool] | None, excluded: Callable[[str], bool] | None
) -> Callable[[str], bool]:
    """Whether a name is included, as all are where nothing says which, and not excluded."""

    def both(name: str) -> bool:
        return (included is None or included(name)) and (excluded is None or not excluded(name))

    return both
