"""`drain` and `undrain`: take a server out of service without cutting anybody off, and bring it back."""
