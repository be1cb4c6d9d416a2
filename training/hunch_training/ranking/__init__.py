"""How the ranker is made: gather features, fit what is linear, train, calibrate; hunch-export writes the bundle."""
