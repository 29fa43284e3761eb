"""`drain` and `undrain`: a server leaves without cutting anybody off, and comes back."""
