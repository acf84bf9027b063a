"""A lean client of Table Storage's REST interface (decision 16)."""
