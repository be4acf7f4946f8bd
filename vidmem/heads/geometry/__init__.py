"""Depth in closed form, in small parts: two views, partners, scale, fusion, filling, units."""
