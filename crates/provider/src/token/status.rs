//! What an operator may know of a token: everything but the token.

use jiff::Timestamp;

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The owner pasted it.
    Configured,
    /// A vendor issues it to us, again and again.
    Issued,
    /// What a vendor issues tokens for: an assertion, an issuer's token.
    Issuing,
}

impl TokenKind {
    /// As a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Issued => "issued",
            Self::Issuing => "issuing",
        }
    }

    /// Whether a person has to replace it before it expires.
    pub const fn is_replaced_by_people(self) -> bool {
        matches!(self, Self::Configured | Self::Issuing)
    }
}

/// One token, and what became of it since the source was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStatus {
    /// The configuration key it comes from; a list's entries have their index.
    pub key: String,
    /// Where it comes from.
    pub kind: TokenKind,
    /// When it expires; `None` where nobody says.
    pub expires_at: Option<Timestamp>,
    /// How often it was issued.
    pub issued: u64,
    /// How often it could not be issued.
    pub failed: u64,
    /// How often the vendor refused it.
    pub refused: u64,
}
