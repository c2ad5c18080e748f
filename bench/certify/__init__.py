"""The parity certificate: do the backends compute the same function, layer by layer?"""
