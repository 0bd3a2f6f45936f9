"""Do reviewers teach the model sooner where the desk chooses whom they look at?"""
