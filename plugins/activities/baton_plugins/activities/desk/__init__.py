"""The lists that staff work through: mine, asked of me, asked by me, the department's; and the head's view of it."""
