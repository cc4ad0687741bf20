"""The window that repairs and enhances single pictures."""
