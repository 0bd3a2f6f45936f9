"""From labels as people gave them to accounts that can be learned from."""
