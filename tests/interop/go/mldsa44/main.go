// Signs and verifies with ML-DSA-44 (FIPS 204, empty context) by circl. One task a line:
//
//	sign SEED MESSAGE            prints the public key and the deterministic signature
//	verify KEY MESSAGE SIGNATURE prints true or false
//
// All values are hex.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Split(lines.Text(), " ")
		values := make([][]byte, len(words)-1)
		for at, word := range words[1:] {
			value, err := hex.DecodeString(word)
			if err != nil {
				log.Fatal(err)
			}
			values[at] = value
		}
		switch {
		case words[0] == "sign" && len(values) == 2 && len(values[0]) == mldsa44.SeedSize:
			key, secret := mldsa44.NewKeyFromSeed((*[mldsa44.SeedSize]byte)(values[0]))
			signature := make([]byte, mldsa44.SignatureSize)
			if err := mldsa44.SignTo(secret, values[1], nil, false, signature); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%x %x\n", key.Bytes(), signature)
		case words[0] == "verify" && len(values) == 3:
			var key mldsa44.PublicKey
			if err := key.UnmarshalBinary(values[0]); err != nil {
				log.Fatal(err)
			}
			fmt.Println(mldsa44.Verify(&key, values[1], nil, values[2]))
		default:
			log.Fatalf("unknown task: %s", words[0])
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
