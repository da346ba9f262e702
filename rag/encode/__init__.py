"""What stands behind the seam `rag.encoder.Encoder`: models on disk, and the ways to compute their vectors."""
