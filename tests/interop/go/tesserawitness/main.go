// Tesserawitness writes a log with Tessera's POSIX driver, which publishes what the witnesses of a policy cosigned, and waits
// for each entry to be published.
//
//	tesserawitness DIRECTORY POLICY ENTRIES
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// The key of Tessera's logs in our tests: its seed is 32 bytes of 7.
const secret = "PRIVATE+KEY+example.com/tessera+34adfeea+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tesserawitness:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) != 3 {
		return fmt.Errorf("usage: tesserawitness DIRECTORY POLICY ENTRIES")
	}
	policy, err := os.ReadFile(words[1])
	if err != nil {
		return err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy(policy)
	if err != nil {
		return err
	}
	entries, err := strconv.Atoi(words[2])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: words[0]})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(1, 10*time.Millisecond).
		WithCheckpointInterval(100*time.Millisecond).
		WithWitnesses(witnesses, nil)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 20*time.Millisecond)
	for number := range entries {
		entry := tessera.NewEntry([]byte(fmt.Sprintf("%d at %d", number, time.Now().UnixNano())))
		if _, _, err := awaiter.Await(ctx, appender.Add(ctx, entry)); err != nil {
			return err
		}
	}
	return shutdown(ctx)
}
