BOXES = ("e2l1", "e2l2", "e2l3")
