//! Under construction: genesis.
