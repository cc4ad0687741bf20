"""TexGen Desktop: artists turn their own photographs into seamless textures."""

__version__ = "0.1.0"
