package main

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tilePath names a tile as tlog-tiles does: x/mod writes `tile/8/L/N` with `data` for the entries, C2SP `tile/L/N`
// with `entries`.
func tilePath(tile tlog.Tile) string {
	rest, ok := strings.CutPrefix(tile.Path(), "tile/8/")
	if !ok {
		panic(fmt.Sprintf("tile %v is not of height 8", tile))
	}
	if entries, ok := strings.CutPrefix(rest, "data/"); ok {
		rest = "entries/" + entries
	}
	return "tile/" + rest
}

// parseTilePath is the inverse of tilePath.
func parseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return tlog.Tile{}, fmt.Errorf("%s is no tile", path)
	}
	if entries, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + entries
	}
	tile, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil {
		return tlog.Tile{}, fmt.Errorf("%s is no tile: %w", path, err)
	}
	if tilePath(tile) != path {
		return tlog.Tile{}, fmt.Errorf("%s is not canonical", path)
	}
	return tile, nil
}
