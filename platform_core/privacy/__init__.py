"""What persons have a right to: who may write to them and why, what is known of them, what they ask for."""
