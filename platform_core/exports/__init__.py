"""Lists and reports leave the house only by request: as files that somebody else approves, on paper with a reason."""
