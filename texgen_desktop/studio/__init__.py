"""What the application knows: state, undo, settings, and the thread that the engine runs in. QtCore only."""
