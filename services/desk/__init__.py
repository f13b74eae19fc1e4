"""The desk 值班台: what staff do for guests, online and off."""
