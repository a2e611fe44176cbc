// Xmodcheck verifies a c2sp.org/tlog-tiles directory with nothing but golang.org/x/mod/sumdb/{note,tlog}.
//
//	xmodcheck DIR VKEY
//
// It opens the checkpoint, rebuilds the whole tree from the entry bundles, compares every tile byte by byte
// with the rebuilt one, proves inclusion of a spread of entries and consistency with every older checkpoint
// under checkpoints/. It prints one summary line and exits 0, or says what is wrong and exits 1.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: xmodcheck DIR VKEY")
		os.Exit(2)
	}
	summary, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "xmodcheck:", err)
		os.Exit(1)
	}
	fmt.Println(summary)
}

func check(dir, vkey string) (string, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	head, err := openCheckpoint(filepath.Join(dir, "checkpoint"), verifier)
	if err != nil {
		return "", err
	}
	stored, err := rebuild(dir, head.N)
	if err != nil {
		return "", err
	}
	if err := checkRoot(head, stored); err != nil {
		return "", err
	}
	tiles, err := compareTiles(dir, head.N, stored)
	if err != nil {
		return "", err
	}
	strays, err := comparePresentTiles(dir, head.N, stored)
	if err != nil {
		return "", err
	}
	inclusions, err := proveInclusions(dir, head)
	if err != nil {
		return "", err
	}
	consistencies, err := proveConsistencies(dir, head, stored, verifier)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ok: %d entries, %d tiles, %d older partial tiles, %d inclusion proofs, %d older checkpoints",
		head.N, tiles, strays, inclusions, consistencies), nil
}

// openCheckpoint reads a signed checkpoint whose origin is the key's name.
func openCheckpoint(path string, verifier note.Verifier) (tlog.Tree, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(raw, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, fmt.Errorf("%s: %d lines are too few", path, len(lines))
	}
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("%s: origin %q, key name %q", path, lines[0], verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("%s: malformed size %q", path, lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%s: malformed root: %w", path, err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// hashes holds all stored hashes of a tree, in x/mod's order.
type hashes []tlog.Hash

// ReadHashes implements [tlog.HashReader].
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, len(indexes))
	for _, i := range indexes {
		if i < 0 || i >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not stored", i)
		}
		out = append(out, h[i])
	}
	return out, nil
}

// rebuild hashes every entry of every bundle.
func rebuild(dir string, size int64) (hashes, error) {
	var stored hashes
	for first := int64(0); first < size; first += 256 {
		bundle, err := readBundle(dir, first/256, size)
		if err != nil {
			return nil, err
		}
		for i, entry := range bundle {
			fresh, err := tlog.StoredHashes(first+int64(i), entry, stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, fresh...)
		}
	}
	return stored, nil
}

// readBundle splits an entry bundle, which must hold exactly the entries that the tree size implies.
func readBundle(dir string, index, size int64) ([][]byte, error) {
	width := int(min(256, size-index*256))
	path := tilePath(tlog.Tile{H: tileHeight, L: -1, N: index, W: width})
	rest, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return nil, err
	}
	entries := make([][]byte, 0, width)
	for len(rest) > 0 {
		if len(rest) < 2 {
			return nil, fmt.Errorf("%s: a length is cut short", path)
		}
		n := int(rest[0])<<8 | int(rest[1])
		if len(rest) < 2+n {
			return nil, fmt.Errorf("%s: an entry is cut short", path)
		}
		entries = append(entries, rest[2:2+n])
		rest = rest[2+n:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("%s: %d entries, want %d", path, len(entries), width)
	}
	return entries, nil
}

func checkRoot(head tlog.Tree, stored hashes) error {
	root, err := tlog.TreeHash(head.N, stored)
	if err != nil {
		return err
	}
	if root != head.Hash {
		return fmt.Errorf("root %v, checkpoint says %v", root, head.Hash)
	}
	return nil
}

// compareTiles compares each tile that the tree needs.
func compareTiles(dir string, size int64, stored hashes) (int, error) {
	tiles := tlog.NewTiles(tileHeight, 0, size)
	seen := make(map[tlog.Tile]bool)
	count := 0
	for _, tile := range tiles {
		// NewTiles lists what one publication from empty would write: superseded partial tiles are not in it.
		if seen[tile] {
			return 0, fmt.Errorf("%s is listed twice", tilePath(tile))
		}
		seen[tile] = true
		if err := compareTile(dir, tile, stored); err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}

func compareTile(dir string, tile tlog.Tile, stored hashes) error {
	path := tilePath(tile)
	want, err := tlog.ReadTileData(tile, stored)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	have, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s differs from the tile of its entries", path)
	}
	return nil
}

// comparePresentTiles compares the superseded partial tiles that are still there, and refuses any other file under tile/.
func comparePresentTiles(dir string, size int64, stored hashes) (int, error) {
	needed := make(map[string]bool)
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		needed[tilePath(tile)] = true
	}
	for first := int64(0); first < size; first += 256 {
		width := int(min(256, size-first))
		needed[tilePath(tlog.Tile{H: tileHeight, L: -1, N: first / 256, W: width})] = true
	}
	older := 0
	err := filepath.WalkDir(filepath.Join(dir, "tile"), func(full string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && size == 0 {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(relative)
		if needed[path] {
			return nil
		}
		tile, err := parseTilePath(path)
		if err != nil {
			return err
		}
		if tile.W == 256 {
			return fmt.Errorf("%s is beyond the checkpoint", path)
		}
		older++
		if tile.L >= 0 {
			return compareTile(dir, tile, stored)
		}
		return compareOlderBundle(dir, tile, size)
	})
	return older, err
}

// compareOlderBundle checks that a partial bundle is a prefix of the bundle that replaced it.
func compareOlderBundle(dir string, tile tlog.Tile, size int64) error {
	if tile.N*256+int64(tile.W) > size {
		return fmt.Errorf("%s is beyond the checkpoint", tilePath(tile))
	}
	older, err := readBundle(dir, tile.N, tile.N*256+int64(tile.W))
	if err != nil {
		return err
	}
	newer, err := readBundle(dir, tile.N, size)
	if err != nil {
		return err
	}
	for i := range older {
		if !bytes.Equal(older[i], newer[i]) {
			return fmt.Errorf("%s: entry %d differs from the newer bundle", tilePath(tile), i)
		}
	}
	return nil
}

// proveInclusions proves the first, the last and up to 200 random entries.
func proveInclusions(dir string, head tlog.Tree) (int, error) {
	if head.N == 0 {
		return 0, nil
	}
	// A fixed seed: a failure must be repeatable.
	random := rand.New(rand.NewPCG(1, uint64(head.N)))
	indexes := []int64{0, head.N - 1}
	for range min(200, head.N) {
		indexes = append(indexes, random.Int64N(head.N))
	}
	reader := tlog.TileHashReader(head, tileDir(dir))
	for _, index := range indexes {
		proof, err := tlog.ProveRecord(head.N, index, reader)
		if err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", index, err)
		}
		bundle, err := readBundle(dir, index/256, head.N)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, head.N, head.Hash, index, tlog.RecordHash(bundle[index%256])); err != nil {
			return 0, fmt.Errorf("inclusion of %d: %w", index, err)
		}
	}
	return len(indexes), nil
}

// proveConsistencies proves that every file under checkpoints/ is a prefix of the log.
func proveConsistencies(dir string, head tlog.Tree, stored hashes, verifier note.Verifier) (int, error) {
	files, err := os.ReadDir(filepath.Join(dir, "checkpoints"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		old, err := openCheckpoint(filepath.Join(dir, "checkpoints", file.Name()), verifier)
		if err != nil {
			return 0, err
		}
		if name := strconv.FormatInt(old.N, 10); name != file.Name() {
			return 0, fmt.Errorf("checkpoints/%s is of size %s", file.Name(), name)
		}
		if old.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(head.N, old.N, stored)
		if err != nil {
			return 0, fmt.Errorf("consistency with %d: %w", old.N, err)
		}
		if err := tlog.CheckTree(proof, head.N, head.Hash, old.N, old.Hash); err != nil {
			return 0, fmt.Errorf("consistency with %d: %w", old.N, err)
		}
	}
	return len(files), nil
}

// tileDir reads C2SP tiles for x/mod's own authenticated hash reader.
type tileDir string

// Height implements [tlog.TileReader].
func (d tileDir) Height() int { return tileHeight }

// SaveTiles implements [tlog.TileReader].
func (d tileDir) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements [tlog.TileReader].
func (d tileDir) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, 0, len(tiles))
	for _, tile := range tiles {
		raw, err := os.ReadFile(filepath.Join(string(d), tilePath(tile)))
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}
