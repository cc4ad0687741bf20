"""Building blocks in torch, without policy: torus convolution, noise fields, losses, averages."""
