BOXES = ("e2e1", "e2e2")
