//! The genesis event of a log: signed by every admin, for this log.

use glasslog_core::crypto::SecretKey;
use glasslog_core::event::{self, Envelope, Genesis, GenesisError, ParsedEntry, Predecessor, Spki};
use glasslog_core::merkle::{TreeHead, sha256};

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn genesis(seeds: &[u8], threshold: usize) -> Genesis {
    let admins = seeds.iter().map(|seed| Spki::new(secret(*seed).public()));
    Genesis {
        log: "models.example.com/access".into(),
        admins: admins.collect(),
        threshold,
        succeeds: None,
    }
}

fn verify(entry: &ParsedEntry) -> Result<Genesis, GenesisError> {
    Genesis::verify("models.example.com/access", entry)
}

fn entry(genesis: &Genesis, seeds: &[u8]) -> ParsedEntry {
    let keys: Vec<SecretKey> = seeds.iter().map(|seed| secret(*seed)).collect();
    let payload = event::encode(&genesis.to_statement()).unwrap();
    let envelope = Envelope::sign(payload, &keys.iter().collect::<Vec<_>>()).unwrap();
    event::parse(&envelope.encode()).unwrap()
}

#[test]
fn every_admin_signs() {
    let genesis = genesis(&[1, 2, 3], 2);
    assert_eq!(verify(&entry(&genesis, &[1, 2, 3])), Ok(genesis.clone()));
    assert_eq!(verify(&entry(&genesis, &[9, 3, 2, 1])), Ok(genesis.clone()));
    assert_eq!(
        verify(&entry(&genesis, &[1, 3])),
        Err(GenesisError::Unsigned {
            keyid: genesis.admins[1].key_id()
        })
    );
    assert_eq!(
        Genesis::verify("other.example", &entry(&genesis, &[1, 2, 3])).map_err(|e| e.code()),
        Err("genesis-other-log")
    );
}

#[test]
fn a_genesis_that_names_a_predecessor_is_verified_too() {
    let mut genesis = genesis(&[1], 1);
    let before = Predecessor {
        log: "models.example.com/2025".into(),
        head: TreeHead {
            size: 7,
            root: sha256(b"root"),
        },
        keys: sha256(b"keys"),
    };
    genesis.succeeds = Some(Box::new(before));
    assert_eq!(verify(&entry(&genesis, &[1])), Ok(genesis));
}

#[test]
fn a_false_signature() {
    let genesis = genesis(&[1], 1);
    let other = entry(&self::genesis(&[1, 2], 1), &[1, 2]);
    let payload = event::encode(&genesis.to_statement()).unwrap();
    let envelope = Envelope::unsigned(payload)
        .with_signature(other.envelope.signatures()[0].clone())
        .unwrap();
    assert_eq!(
        verify(&event::parse(&envelope.encode()).unwrap()),
        Err(GenesisError::BadSignature {
            keyid: genesis.admins[0].key_id()
        })
    );
}
