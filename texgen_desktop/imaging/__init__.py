"""Arrays in, arrays out: reading, writing, colour, resizing, scores. No torch, no Qt."""
