"""The remote-write codec, 1.0 and 2.0: bytes to columns and back. Does no I/O and knows no store.

`remotewrite.encode` is for senders and stays free of numpy and protobuf; `remotewrite.decode` uses both.
"""
