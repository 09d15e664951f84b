"""What is swept: the specification, its axes and conditions, and the points that they make."""
