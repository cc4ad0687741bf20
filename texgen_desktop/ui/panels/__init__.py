"""One file per panel, found by scanning: each defines one subclass of ``ui.panel.Panel``."""
