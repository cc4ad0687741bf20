"""The window: widgets that show the studio's state and call its verbs. No torch."""
