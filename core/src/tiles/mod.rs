//! The static files of a tree ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles)): names, plans, checks of their contents.

pub(crate) mod edge;
pub(crate) mod entry_bundle;
pub(crate) mod lookup_tiles;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod scan_tiles;
pub(crate) mod tile;

pub use edge::{Edge, EdgeError, PublicFile, frontier, partial_width};
pub use entry_bundle::{EntriesError, VerifiedEntries, encode_entries, parse_entries};
pub use plan::{ConsistencyPlan, InclusionPlan, TilePlan, VerifiedTiles};
pub use scan_tiles::TrunkPlan;
pub use tile::{
    EntryBundle, FULL_WIDTH, Tile, TileError, bundles_between, encode_hashes, hashes_at,
    tiles_between,
};
