// Twproof makes and verifies c2sp.org/tlog-proof files with torchwood.
//
//	twproof make DIR POLICY INDEX      the proof of one entry of a log directory, on standard output
//	twproof verify POLICY PROOF ENTRY  whether the proof holds for the entry
//	twproof cosigned POLICY CHECKPOINT whether the checkpoint satisfies the policy
//	twproof read DIR POLICY            reads and verifies every entry with torchwood's client
//
// It exits 0, or says what is wrong and exits 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "twproof:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "make":
		return makeProof(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "verify":
		return verifyProof(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "cosigned":
		_, _, err := openCheckpoint(args[2], args[1])
		return err
	case len(args) == 3 && args[0] == "read":
		return readAll(args[1], args[2])
	}
	return errors.New("usage: twproof make DIR POLICY INDEX | verify POLICY PROOF ENTRY | cosigned POLICY CHECKPOINT | read DIR POLICY")
}

func parsePolicy(path string) (torchwood.Policy, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return torchwood.ParsePolicy(raw)
}

// openCheckpoint verifies a checkpoint file against a policy file.
func openCheckpoint(path, policyPath string) (torchwood.Checkpoint, []byte, error) {
	policy, err := parsePolicy(policyPath)
	if err != nil {
		return torchwood.Checkpoint{}, nil, err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return torchwood.Checkpoint{}, nil, err
	}
	checkpoint, _, err := torchwood.VerifyCheckpoint(raw, policy)
	return checkpoint, raw, err
}

func newClient(dir string) (*torchwood.Client, error) {
	tiles, err := torchwood.NewTileFS(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	return torchwood.NewClient(tiles)
}

func makeProof(dir, policyPath, indexText string) error {
	index, err := strconv.ParseInt(indexText, 10, 64)
	if err != nil {
		return err
	}
	checkpoint, raw, err := openCheckpoint(filepath.Join(dir, "checkpoint"), policyPath)
	if err != nil {
		return err
	}
	client, err := newClient(dir)
	if err != nil {
		return err
	}
	_, proof, err := client.Entry(context.Background(), checkpoint.Tree, index)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(torchwood.FormatProof(index, proof, raw))
	return err
}

func verifyProof(policyPath, proofPath, entryPath string) error {
	policy, err := parsePolicy(policyPath)
	if err != nil {
		return err
	}
	proof, err := os.ReadFile(proofPath)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryPath)
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof)
}

func readAll(dir, policyPath string) error {
	checkpoint, _, err := openCheckpoint(filepath.Join(dir, "checkpoint"), policyPath)
	if err != nil {
		return err
	}
	client, err := newClient(dir)
	if err != nil {
		return err
	}
	count := int64(0)
	for range client.AllEntries(context.Background(), checkpoint.Tree, 0) {
		count++
	}
	if err := client.Err(); err != nil {
		return err
	}
	if count != checkpoint.N {
		return fmt.Errorf("read %d entries of %d", count, checkpoint.N)
	}
	fmt.Printf("ok: %d entries\n", count)
	return nil
}
