"""Takes messages in and hands them on, every byte as it is, and tells on which side of the final dot one was lost."""
