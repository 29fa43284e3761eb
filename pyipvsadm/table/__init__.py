"""A whole table as a value: put together, compared, and changed step by step."""
