"""Where torch lives: network, batches, augmentation, training."""
