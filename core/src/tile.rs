//! Under construction: tile.
