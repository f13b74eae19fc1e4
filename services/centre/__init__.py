"""Centres 服务中心: what they offer, when they are open, and what happens when that changes."""
