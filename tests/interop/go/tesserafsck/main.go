// Tesserafsck runs Tessera's own checker over a log directory, with an exit code that can be trusted.
//
//	tesserafsck DIR VKEY
//
// Tessera's command of that kind exits 0 on nearly every failure, and the package behind it can wait for ever on a
// worker that has given up; so this one judges the returned error and stops after a minute.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

// limit is far above what a test's log needs (a million entries take a second).
const limit = time.Minute

// workers is high because a worker that meets an error stops reading: with one, the checker would hang.
const workers = 32

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: tesserafsck DIR VKEY")
		os.Exit(2)
	}
	done := make(chan error, 1)
	go func() { done <- check(os.Args[1], os.Args[2]) }()
	var err error
	select {
	case err = <-done:
	case <-time.After(limit):
		err = errors.New("not finished in time")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tesserafsck:", err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func check(dir, vkey string) (err error) {
	// The checker indexes what it parsed without looking at the length.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	fetcher := &client.FileFetcher{Root: root}
	return fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: workers}).Check(context.Background())
}

// leafHashes hashes the entries of a bundle.
func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(parsed.Entries))
	for _, entry := range parsed.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
