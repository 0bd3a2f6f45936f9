"""What more labels would bring, and in which order."""
