"""The HTTP face of the gateway: the only home of falcon and waitress."""
