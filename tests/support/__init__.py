"""What tests share: oracles, builders of small inputs, processes that are started and stopped."""
