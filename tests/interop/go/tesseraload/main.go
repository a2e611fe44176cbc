// Loads a log of Tessera's POSIX driver in this process, as log/benches/write.rs loads ours, and says what came of it.
//
//	tesseraload DIRECTORY SECONDS ADDERS BATCH RATE
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// The key of Tessera's logs in our tests: its seed is 32 bytes of 7.
const secret = "PRIVATE+KEY+example.com/tessera+34adfeea+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"

// The size of entries in other logs' benchmarks.
const entrySize = 512

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(words []string) error {
	if len(words) != 5 {
		return fmt.Errorf("usage: tesseraload DIRECTORY SECONDS ADDERS BATCH RATE")
	}
	var numbers []float64
	for _, word := range words[1:] {
		number, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return err
		}
		numbers = append(numbers, number)
	}
	seconds, adders, batch, rate := numbers[0], int(numbers[1]), int(numbers[2]), numbers[3]

	ctx := context.Background()
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
		WithBatching(256, 250*time.Millisecond)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}

	written := bytesWritten()
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * float64(time.Second)))
	all := make([][]time.Duration, adders)
	failures := make([]error, adders)
	var group sync.WaitGroup
	for adder := range adders {
		group.Add(1)
		go func() {
			defer group.Done()
			all[adder], failures[adder] = add(ctx, appender, adder, adders, batch, rate, begin, end)
		}()
	}
	group.Wait()
	elapsed := time.Since(begin).Seconds()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	if err := shutdown(ctx); err != nil {
		return err
	}
	latencies := slices.Concat(all...)
	slices.Sort(latencies)
	percentile := func(part float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		at := min(int(float64(len(latencies))*part), len(latencies)-1)
		return float64(latencies[at]) / float64(time.Millisecond)
	}
	entries := len(latencies) * batch
	fmt.Printf("entries=%d rate=%.0f p50=%.3f p99=%.3f p999=%.3f written=%d seconds=%.2f closed=%.2f\n",
		entries, float64(entries)/elapsed, percentile(0.5), percentile(0.99), percentile(0.999),
		bytesWritten()-written, elapsed, time.Since(begin).Seconds())
	return nil
}

// add submits a batch, waits until all of it is durable, and again: at once, or at the moments that the rate intends.
func add(ctx context.Context, appender *tessera.Appender, adder, adders, batch int, rate float64, begin, end time.Time) ([]time.Duration, error) {
	var latencies []time.Duration
	futures := make([]tessera.IndexFuture, batch)
	for round := 0; ; round++ {
		submission := round*adders + adder
		intended := time.Now()
		if rate > 0 {
			intended = begin.Add(time.Duration(float64(submission) / rate * float64(time.Second)))
			time.Sleep(time.Until(intended))
		}
		if !intended.Before(end) || !time.Now().Before(end) {
			return latencies, nil
		}
		for i := range futures {
			entry := make([]byte, entrySize)
			binary.BigEndian.PutUint64(entry, uint64(submission*batch+i))
			futures[i] = appender.Add(ctx, tessera.NewEntry(entry))
		}
		for _, future := range futures {
			if _, err := future(); err != nil {
				return nil, err
			}
		}
		latencies = append(latencies, time.Since(intended))
	}
}

// bytesWritten is what this process had written to disks so far.
func bytesWritten() int64 {
	text, _ := os.ReadFile("/proc/self/io")
	for line := range strings.Lines(string(text)) {
		if number, found := strings.CutPrefix(line, "write_bytes: "); found {
			bytes, _ := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
			return bytes
		}
	}
	return 0
}
