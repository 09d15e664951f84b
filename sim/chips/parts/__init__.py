"""What more than one chip is made of."""
