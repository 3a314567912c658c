"""PyTorch without autograd: the gradients of fully connected layers and SGD's step, written out."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.speed.pytorch import Passes
from benchmarks.speed.work import LEARNING_RATES


class FullyConnectedTrainer(Passes):
    """Does what `Trainer` does with the FCN and SGD, in fewer passes over memory.

    A layer's ReLU is part of its product. In float32 the step is part of the product that gives a weight's gradient, so
    that no gradient is ever stored. In bfloat16 the products use copies of the weights, which are rounded once a step.
    """

    def __init__(self, model: nn.Module, precision: str):
        layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.rate = LEARNING_RATES["sgd"]
        self.parameters = [(layer.weight.detach(), layer.bias.detach()) for layer in layers]
        # In float32 these are the parameters themselves.
        self.copies = [(weight.to(self.dtype), bias.to(self.dtype)) for weight, bias in self.parameters]

    def _train(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        *inputs, outputs = self._compute_layers(images)
        logits = outputs.float()
        log_probabilities = functional.log_softmax(logits, 1)
        gradient = log_probabilities.exp().sub_(functional.one_hot(labels, logits.shape[1])).div_(len(labels))
        gradient = gradient.to(self.dtype)
        for number in reversed(range(len(inputs))):
            # The inputs' gradient comes first: it wants the weights from before the step.
            of_inputs = gradient @ self.copies[number][0] if number else gradient
            self._step(number, gradient, inputs[number])
            gradient = torch.ops.aten.threshold_backward(of_inputs, inputs[number], 0) if number else gradient
        return functional.nll_loss(log_probabilities, labels), logits

    def _forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = self._compute_layers(images)[-1].float()
        return functional.cross_entropy(logits, labels), logits

    def _compute_layers(self, images: Tensor) -> list[Tensor]:
        """Return the images as vectors and the outputs of each layer, the last one without ReLU."""
        values = [images.flatten(1)]
        for number, (weight, bias) in enumerate(self.copies, start=1):
            activation = "relu" if number < len(self.copies) else "none"
            # oneDNN's product with bias and activation, which `torch.compile` puts into graphs for inference.
            values.append(torch.ops.mkldnn._linear_pointwise(values[-1], weight, bias, activation, [], ""))
        return values

    def _step(self, number: int, gradient: Tensor, inputs: Tensor) -> None:
        weight, bias = self.parameters[number]
        if self.dtype == torch.float32:
            weight.addmm_(gradient.t(), inputs, alpha=-self.rate)
        else:
            weight.sub_((gradient.t() @ inputs).float(), alpha=self.rate)
        bias.sub_(gradient.sum(0, dtype=torch.float32), alpha=self.rate)
        if self.dtype != torch.float32:
            for copy, parameter in zip(self.copies[number], (weight, bias), strict=True):
                copy.copy_(parameter)
