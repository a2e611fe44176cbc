//! A store in memory that keeps the promises of S3, or breaks one: its ETags are digests of the content, so equal content
//! has the same tag again.

use crate::mutation::Mutation;
use glasslog_core::merkle::sha256;
use glasslog_log::object_store::protocol::{Answer, ETag, Object, Request};
use std::collections::BTreeMap;

pub(crate) struct Store {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) mutation: Option<Mutation>,
}

pub(crate) fn etag(bytes: &[u8]) -> ETag {
    ETag(sha256(bytes).to_hex())
}

impl Store {
    /// Carries out a request, and returns whether it wrote.
    pub(crate) fn perform(&mut self, request: Request) -> (Answer, Option<String>) {
        match request {
            Request::Get(key) => match self.objects.get(&key) {
                None => (Answer::Missing, None),
                Some(bytes) => {
                    let object = Object {
                        etag: etag(bytes),
                        bytes: bytes.clone(),
                    };
                    (Answer::Found(object), None)
                }
            },
            Request::Create(key, bytes) => {
                let ignores = self.mutation == Some(Mutation::StoreIgnoresIfNoneMatch);
                match self.objects.contains_key(&key) && !ignores {
                    true => (Answer::Refused, None),
                    false => self.write(key, bytes),
                }
            }
            Request::Swap(key, expected, bytes) => {
                let ignores = self.mutation == Some(Mutation::StoreIgnoresIfMatch);
                let matches = self.objects.get(&key).map(|found| etag(found)) == Some(expected);
                match matches || ignores {
                    true => self.write(key, bytes),
                    false => (Answer::Refused, None),
                }
            }
            Request::Delete(key) => {
                self.objects.remove(&key);
                (Answer::Done(None), None)
            }
        }
    }

    fn write(&mut self, key: String, bytes: Vec<u8>) -> (Answer, Option<String>) {
        let answer = Answer::Done(Some(etag(&bytes)));
        self.objects.insert(key.clone(), bytes);
        (answer, Some(key))
    }
}
