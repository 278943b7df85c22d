"""Statistics, pure and light: used on the box and on the control machine."""
