//! Events that differ: a server that stores an event once is asked for nothing by the same event again. A request
//! may hold [`MARK`]s, and gets another id in the place of each whenever it is sent.

use super::random::SplitMix64;

/// Stands for a message id, and is as long as one.
pub(super) const MARK: &str = "message-id-another-in-every-sending-";

/// A request of which every copy has ids of its own, by chance, as browsers make them: ids in a row would make a
/// server's index cheaper than it is.
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where they are.
    ids: Vec<usize>,
}

impl Template {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let ids = bytes.windows(MARK.len()).enumerate();
        let ids = ids.filter(|(_, text)| *text == MARK.as_bytes()).map(|(at, _)| at).collect();
        Self { bytes, ids }
    }

    /// The next copy.
    pub(super) fn next(&mut self, random: &mut SplitMix64) -> &[u8] {
        for at in &self.ids {
            self.bytes[*at..at + MARK.len()].copy_from_slice(&id(random));
        }
        &self.bytes
    }

    /// With a byte in the place of each id, for who makes them elsewhere.
    pub(super) fn with_ids_as(&self, byte: u8) -> Vec<u8> {
        let mut from = 0;
        let mut all = Vec::with_capacity(self.bytes.len());
        for at in &self.ids {
            all.extend_from_slice(&self.bytes[from..*at]);
            all.push(byte);
            from = at + MARK.len();
        }
        all.extend_from_slice(&self.bytes[from..]);
        all
    }
}

/// The ids of a load of this seed whose requests hold one each, in the order of their sending.
pub(super) fn ids(seed: u64) -> impl Iterator<Item = String> {
    let mut random = SplitMix64::new(seed);
    std::iter::repeat_with(move || String::from_utf8_lossy(&id(&mut random)).into_owned())
}

/// A UUID of version 4.
fn id(random: &mut SplitMix64) -> [u8; MARK.len()] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut id = *b"xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
    for slot in id.iter_mut().filter(|slot| **slot == b'x') {
        *slot = DIGITS[random.below(DIGITS.len())];
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_has_other_ids_and_nothing_else_changes() {
        let mut template = Template::new(format!("<{MARK}{MARK}>").into_bytes());
        let mut random = SplitMix64::new(1);
        let [first, second] = [(); 2].map(|()| template.next(&mut random).to_vec());
        assert_eq!(first.len(), 2 + 2 * MARK.len());
        assert_ne!(first, second);
        assert_ne!(first[1..37], first[37..73]);
        assert_eq!((first[0], first[9], first[15], first[73]), (b'<', b'-', b'4', b'>'));
        assert_eq!(ids(1).next().unwrap().as_bytes(), &first[1..37]);
        assert_eq!(template.with_ids_as(b'-'), b"<-->");
        assert_eq!(Template::new(b"plain".to_vec()).with_ids_as(b'-'), b"plain");
    }
}
