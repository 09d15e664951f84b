"""The ledger: what was counted, what it cost, and the result that says so."""
