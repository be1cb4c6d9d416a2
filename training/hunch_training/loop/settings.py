"""The settings that every training loop has; a stage's own are added by inheritance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """What decides the course of a run, besides model, loss and data."""

    seed: int = 0
    """decides the first weights, the order of the rows and every draw"""
    epochs: int = 8
    """how often all rows are seen, at most"""
    patience: int = 2
    """epochs without a better figure on the valid rows after which training ends early; 0 never ends early"""
    learning_rate: float = 1e-3
    """the highest rate, behind the warm-up"""
    schedule: str = "cosine"
    """cosine, linear or constant, behind the warm-up"""
    warmup: int = 200
    """steps of linear warm-up, a tenth of all steps at most"""
    weight_decay: float = 0.01
    """decoupled (Loshchilov and Hutter, 2019, arXiv:1711.05101); tables, biases and norms have none"""
    clip: float = 1.0
    """largest norm of a step's gradients; 0 does not clip"""
    averaging: float = 0.0
    """decay of the running average of the weights that is measured and kept; 0 keeps the weights themselves"""
    accumulate: int = 1
    """batches whose gradients make one step"""
    bf16: bool = False
    """compute in bfloat16 where that is safe (autocast)"""
    compile: bool = False
    """translate the model with torch.compile"""
    limit: int | None = None
    """rows read of each file"""
