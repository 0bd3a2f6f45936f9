"""From labelled accounts to a bundle: simulate, learn, calibrate, certify, evaluate."""
