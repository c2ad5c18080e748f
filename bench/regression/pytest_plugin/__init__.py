"""Gates and stored records as rows of pytest-benchmark."""
