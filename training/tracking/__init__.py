"""Keeping models at mlflow, comparing them, promoting one and taking it back."""
