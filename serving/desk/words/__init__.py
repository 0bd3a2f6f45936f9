"""What the pages say, in words that a reviewer would use."""
