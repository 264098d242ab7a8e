"""The protobuf shapes of the decoders, and their generated classes (`make proto`)."""
