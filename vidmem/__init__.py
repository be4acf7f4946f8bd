"""Follow objects and measure depth through endless video, in constant memory."""
