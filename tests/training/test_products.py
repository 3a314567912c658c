"""Products in both precisions."""

from fashion_keras.training.products import measure_gains


def test_gains_of_bfloat16_are_measured_for_layers_of_both_networks() -> None:
    gains = measure_gains()
    assert set(gains) == {"dense", "convolution"}
    assert all(0.01 < gain < 100 for gain in gains.values())
