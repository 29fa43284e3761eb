"""The director at work, one scenario a file: a client, a director and two servers, and traffic that tells."""
