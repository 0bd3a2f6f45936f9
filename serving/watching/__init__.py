"""What those who watch over the service can see."""
