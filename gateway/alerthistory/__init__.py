"""What alerts did, and what ran on their hosts when they began to fire."""
