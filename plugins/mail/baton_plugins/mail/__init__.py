"""Mail: accounts by SMTP, and letters to colleagues."""
