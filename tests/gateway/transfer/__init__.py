"""Tests of gateway/transfer."""
