BOXES = ("e2l1", "e2l2")
