"""Who comes to the desk's pages: signing in, sessions, and that writes come from the pages themselves."""
