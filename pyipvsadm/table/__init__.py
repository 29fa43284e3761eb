"""A whole table as a value: assembled, compared, and changed step by step."""
