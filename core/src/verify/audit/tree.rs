//! The log's tree: where reading begins in it, and the tiles that vouch for what is read.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{AuditQuery, Stage};
use crate::fetch::log_file::LogFile;
use crate::fetch::wave::{self, Wave};
use crate::merkle::tree::{Subtree, TreeHead, complete_subtrees};
use crate::report::check::{CheckCode, Class};
use crate::text::limits::MAX_IN_FLIGHT;
use crate::tiles::plan::TilePlan;
use crate::tiles::scan_tiles::ScanTiles;
use crate::tiles::tile::TileError;
use crate::tiles::width::FULL_WIDTH;

impl AuditQuery {
    pub(super) fn begin(&mut self) {
        self.read = self.first_to_read();
        let head = self.head().unwrap_or_else(TreeHead::empty);
        if self.read == 0 || self.index.is_none() {
            return self.begin_tiles(head);
        }
        let before: Vec<Subtree> = complete_subtrees(0..self.read).collect();
        match TilePlan::new(head, &before) {
            Ok(plan) => {
                let wave = Wave::of(plan.tiles().iter().copied().map(LogFile::Tile));
                self.stage = Stage::Frontier(plan, wave);
            }
            Err(error) => self.refuse_tile(&error),
        }
    }

    pub(super) fn read_frontier(&mut self, plan: &TilePlan, mut wave: Wave) {
        let Some(files) = self.verification.files(&mut wave) else {
            return self.conclude(false);
        };
        let tiles = match plan.finish(&wave::tiles(files)) {
            Ok(tiles) => tiles,
            Err(error) => return self.refuse_tile(&error),
        };
        let parts = complete_subtrees(0..self.read).filter_map(|subtree| tiles.hash(subtree));
        if let Some(index) = &mut self.index {
            index.begin_at(self.read, parts.collect());
        }
        self.begin_tiles(plan.head());
    }

    pub(super) fn begin_tiles(&mut self, head: TreeHead) {
        match ScanTiles::starting(head, self.read / u64::from(FULL_WIDTH)) {
            Ok(scan_tiles) => self.ask_tiles(scan_tiles),
            Err(error) => self.refuse_tile(&error),
        }
    }

    pub(super) fn ask_tiles(&mut self, scan_tiles: ScanTiles) {
        let tiles = scan_tiles.next_tiles(MAX_IN_FLIGHT);
        if tiles.is_empty() {
            self.scan_tiles = Some(Arc::new(scan_tiles));
            return self.next_bundles();
        }
        let wave = Wave::of(tiles.into_iter().map(LogFile::Tile));
        self.stage = Stage::Tiles(scan_tiles, wave);
    }

    pub(super) fn read_tiles(&mut self, mut scan_tiles: ScanTiles, mut wave: Wave) {
        let Some(files) = self.verification.files(&mut wave) else {
            return self.conclude(false);
        };
        for (tile, bytes) in wave::tiles(files) {
            if let Err(error) = scan_tiles.supply(&tile, &bytes) {
                return self.refuse_tile(&error);
            }
        }
        self.ask_tiles(scan_tiles);
    }

    pub(super) fn refuse_tile(&mut self, error: &TileError) {
        let checks = &mut self.verification.checks;
        checks.fail(CheckCode::Tree, Class::False, error.to_string(), None);
        self.conclude(false);
    }
}
