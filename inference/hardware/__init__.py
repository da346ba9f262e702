"""What the models run on: cards, processor, memory."""
