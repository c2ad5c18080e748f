"""Layers: which layer of a workload costs what on each backend, and what explains a gap?"""
