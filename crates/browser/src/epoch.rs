//! What the tabs of one browser share about who the visitor is.
//!
//! Kept in `localStorage` as `epoch:left:heard`. Where storage is denied each tab counts for itself.

/// The shared counters. All of them only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// Grows with each `identify` and `reset`; an answer belongs to the epoch it was asked in.
    pub epoch: u32,
    /// Log-outs that were called, in whichever tab.
    pub left: u32,
    /// The newest of them that the server has confirmed.
    pub heard: u32,
}

impl Shared {
    /// Reads the stored form. Anything unreadable counts as nothing stored.
    pub fn parse(text: &str) -> Self {
        let mut counters = text.split(':').map(decimal);
        let mut next = || counters.next().unwrap_or(0);
        Self { epoch: next(), left: next(), heard: next() }
    }

    /// The stored form.
    pub fn to_text(self) -> String {
        let mut text = String::new();
        push_decimal(&mut text, self.epoch);
        text.push(':');
        push_decimal(&mut text, self.left);
        text.push(':');
        push_decimal(&mut text, self.heard);
        text
    }

    /// The newer of each counter.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            epoch: self.epoch.max(other.epoch),
            left: self.left.max(other.left),
            heard: self.heard.max(other.heard),
        }
    }

    /// Whether somebody logged out and the server may not know it yet. Until it does, the cookie names
    /// the one who left, so no tab may ask for a profile.
    pub fn leaving(self) -> bool {
        self.heard < self.left
    }
}

/// 0 for what is no number that fits.
fn decimal(text: &str) -> u32 {
    let digit = |number: u32, byte: u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    };
    text.bytes().try_fold(0, digit).unwrap_or(0)
}

/// `to_string` would bring the whole formatting machinery into the wasm.
fn push_decimal(text: &mut String, number: u32) {
    if number > 9 {
        push_decimal(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn stored_form_round_trips() {
        let shared = Shared { epoch: 12, left: 3, heard: 2 };
        assert_eq!(shared.to_text(), "12:3:2");
        assert_eq!(Shared { epoch: u32::MAX, ..Shared::default() }.to_text(), "4294967295:0:0");
        assert_eq!(Shared::parse("12:3:2"), shared);
        assert!(shared.leaving() && !Shared { heard: 3, ..shared }.leaving());
    }

    #[test]
    fn garbage_counts_as_nothing_stored() {
        for text in ["", ":", "x:y", "-1:-2:-3", "99999999999:1e3"] {
            assert_eq!(Shared::parse(text), Shared::default(), "{text}");
        }
        assert_eq!(Shared::parse("7"), Shared { epoch: 7, ..Shared::default() });
    }
}
