"""The remote-write codec, 1.0 and 2.0: bytes to columns and back. Does no I/O and knows no store.

`remotewrite.encode` is what the agent imports and stays free of numpy and protobuf; the decoders use both.
"""
