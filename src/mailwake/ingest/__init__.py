"""What other machines report about mail we sent."""
