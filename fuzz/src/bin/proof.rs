//! Proofs as lines of base64, and their verification at any index and size.
#![no_main]

use glasslog_core::merkle::{ConsistencyProof, Hash, InclusionProof, TreeHead};
use glasslog_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, u64, &[u8])| {
    let (index, size, lines) = input;
    let lines = text(lines);
    let root = Hash::from_bytes([7; 32]);
    if let Ok(proof) = InclusionProof::parse_lines(lines) {
        assert_eq!(proof.encode_lines(), lines);
        // No proof leads to a made-up root.
        assert!(
            proof
                .verify(&Hash::from_bytes([8; 32]), index, &TreeHead { size, root })
                .is_err()
        );
    }
    if let Ok(proof) = ConsistencyProof::parse_lines(lines) {
        assert_eq!(proof.encode_lines(), lines);
        let old = TreeHead {
            size: index,
            root: Hash::from_bytes([8; 32]),
        };
        assert!(proof.verify(&old, &TreeHead { size, root }).is_err());
    }
});
