"""The messages of Qt's that may appear during a test: the exact text, and why it is no fault of ours. Any other fails the test."""

EXPECTED: dict[str, str] = {
    "This plugin does not support propagateSizeHints()": "the offscreen platform says so for every window with a fixed or minimum size",
    "This plugin does not support raise()": "the offscreen platform says so when a window is brought to the front",
}
