"""A package, so that its server and its browser live as long as the tests of this folder and no longer."""
