//! The nodes that a Merkle proof consists of ([RFC 6962 §2.1.1 and
//! §2.1.2](https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1)); [`proof`](crate::merkle::proof) verifies them.

use crate::merkle::hash::Hash;
use crate::merkle::proof_error::ProofError;
use crate::merkle::tree::{Subtree, complete_subtrees, left_width, span_root};
use alloc::vec::Vec;
use core::ops::Range;

/// Returns the subtrees whose hashes form the inclusion proof of the leaf at `index` in the tree of `size`.
///
/// # Errors
/// [`ProofError::IndexOutOfRange`].
pub fn inclusion_subtrees(index: u64, size: u64) -> Result<Vec<Subtree>, ProofError> {
    Ok(inclusion_spans(index, size)?
        .into_iter()
        .flat_map(complete_subtrees)
        .collect())
}

/// Returns the subtrees whose hashes form the consistency proof between the trees of size `old` and `new`.
///
/// # Errors
/// [`ProofError::SizeMismatch`] when `old` is larger.
pub fn consistency_subtrees(old: u64, new: u64) -> Result<Vec<Subtree>, ProofError> {
    Ok(consistency_spans(old, new)?
        .into_iter()
        .flat_map(complete_subtrees)
        .collect())
}

/// PATH(index, D\[size\]) of RFC 6962 §2.1.1 as spans: walks from the root down, and returns them from the leaf up.
pub(crate) fn inclusion_spans(index: u64, size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutOfRange { index, size });
    }
    let mut spans = Vec::new();
    let mut node = 0..size;
    while let Some(middle) = middle(&node) {
        if index < middle {
            spans.push(middle..node.end);
            node.end = middle;
        } else {
            spans.push(node.start..middle);
            node.start = middle;
        }
    }
    spans.reverse();
    Ok(spans)
}

/// PROOF(old, D\[new\]) of RFC 6962 §2.1.2 as spans: walks from the root down, and returns them from the old edge up.
pub(crate) fn consistency_spans(old: u64, new: u64) -> Result<Vec<Range<u64>>, ProofError> {
    if old > new {
        return Err(ProofError::SizeMismatch { old, new });
    }
    let mut spans = Vec::new();
    if old == 0 {
        return Ok(spans);
    }
    let mut node = 0..new;
    while let Some(middle) = middle(&node).filter(|_| node.end != old) {
        if old <= middle {
            spans.push(middle..node.end);
            node.end = middle;
        } else {
            spans.push(node.start..middle);
            node.start = middle;
        }
    }
    // The walk ends at the node that ends with the old tree. The verifier knows its hash only if it is the whole old
    // tree.
    if node.start != 0 {
        spans.push(node);
    }
    spans.reverse();
    Ok(spans)
}

/// Returns the first leaf of the right child of the node over these leaves; `None` for a leaf.
fn middle(node: &Range<u64>) -> Option<u64> {
    node.start
        .checked_add(left_width(node.end.checked_sub(node.start)?)?)
}

/// Reads the complete subtrees of each span and folds them into the hashes of a proof.
pub(crate) fn read_spans<E>(
    spans: &[Range<u64>],
    mut read: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    spans
        .iter()
        .map(|span| {
            let parts = complete_subtrees(span.clone())
                .map(&mut read)
                .collect::<Result<Vec<Hash>, E>>()?;
            Ok(span_root(&parts))
        })
        .collect()
}
