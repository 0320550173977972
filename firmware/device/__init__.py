"""What a board runs besides the user's application."""
