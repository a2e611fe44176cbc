//! Under construction: tile_plan.
