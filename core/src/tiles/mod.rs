//! The static files of a tree ([c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles)): names, plans, checks of their contents.

pub(crate) mod edge;
pub(crate) mod entries;
pub(crate) mod entry_bundle;
pub(crate) mod lookup_tiles;
pub(crate) mod path;
pub(crate) mod plan;
pub(crate) mod scan_tiles;
pub(crate) mod tile;
pub(crate) mod width;

pub use edge::{Edge, EdgeError, PublicFile, frontier, partial_width};
pub use entries::{EntriesError, VerifiedEntries, encode_entries, parse_entries};
pub use entry_bundle::{EntryBundle, bundles_between};
pub use path::PathError;
pub use plan::{ConsistencyPlan, InclusionPlan, TilePlan, VerifiedTiles};
pub use scan_tiles::ScanTiles;
pub use tile::{TILE_FOLDER, Tile, TileError, encode_hashes, tiles_between};
pub use width::{FULL_WIDTH, hashes_at};
