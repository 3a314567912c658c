"""One seed per run, and from it an independent seed for each purpose."""

import hashlib

__all__ = ["derive_seed"]


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return a seed for one purpose of a run.

    Drawing every random number of a run from one stream would let an added layer shift everything after it. A seed of
    its own for the split, the order of each epoch, the weights of layer k and the dropout of layer k keeps two arms
    paired wherever they share the thing that is drawn.

    Args:
        seed: The run's seed, any integer.
        purpose: What the seed is for, such as `"weights", 0, "kernel"`.

    Returns:
        An integer in [0, 2**31), from SHA-256, so that neighbouring seeds have nothing in common.
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
