// Witnessdb tells a litewitness database about a log, as an operator of that witness would.
//
//	witnessdb FILE ORIGIN VKEY
//
// Torchwood's own command for this cannot be built from the module proxy alone; the two tables are these.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const schema = `
CREATE TABLE IF NOT EXISTS log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));
`

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: witnessdb FILE ORIGIN VKEY")
		os.Exit(2)
	}
	if err := add(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "witnessdb:", err)
		os.Exit(1)
	}
}

func add(file, origin, vkey string) error {
	db, err := sqlite.OpenConn(file)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := sqlitex.ExecuteScript(db, schema, nil); err != nil {
		return err
	}
	// A witness starts at the empty tree, whose root is the hash of nothing.
	empty := sha256.Sum256(nil)
	root := base64.StdEncoding.EncodeToString(empty[:])
	insertLog := "INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)"
	if err := sqlitex.Execute(db, insertLog, &sqlitex.ExecOptions{Args: []any{origin, root}}); err != nil {
		return err
	}
	insertKey := "INSERT INTO key (origin, key) VALUES (?, ?)"
	return sqlitex.Execute(db, insertKey, &sqlitex.ExecOptions{Args: []any{origin, vkey}})
}
