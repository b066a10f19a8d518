"""What leaves ToyNet: a run as code, pictures, documents and tables."""
