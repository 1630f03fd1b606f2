//! What the owner does about dead letters: look for them, read one, try its mapping, deliver it again, let it go.

use std::fmt;
use std::str::FromStr;

use datafly_store::StoreError;
use datafly_store::queue::{
    Consumer, DeadLetter, DeadLetterFilter, DeadLetterPage, Listed, Position,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outbox;

/// Names one dead letter: `<pipeline>/<destination>/<position>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LetterName {
    /// Who refused it.
    pub consumer: Consumer,
    /// Its place in its pipeline.
    pub position: Position,
}

/// A text names no dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it names no dead letter: write `<pipeline>/<destination>/<position>`, as the list does")]
pub struct LetterNameError;

impl FromStr for LetterName {
    type Err = LetterNameError;

    fn from_str(text: &str) -> Result<Self, LetterNameError> {
        let parse = || {
            let (pipeline, rest) = text.split_once('/')?;
            let (destination, position) = rest.rsplit_once('/')?;
            let pipeline = pipeline.parse().ok()?;
            let destination = destination.parse().ok()?;
            let position = Position(position.parse().ok()?);
            Some(Self { consumer: Consumer { pipeline, destination }, position })
        };
        parse().ok_or(LetterNameError)
    }
}

impl fmt::Display for LetterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumer: Consumer { pipeline, destination }, position: Position(n) } = self;
        write!(f, "{pipeline}/{destination}/{n}")
    }
}

impl From<LetterName> for String {
    fn from(name: LetterName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for LetterName {
    type Error = LetterNameError;

    fn try_from(text: String) -> Result<Self, LetterNameError> {
        text.parse()
    }
}

impl From<LetterName> for DeadLetterPage {
    fn from(LetterName { consumer, position }: LetterName) -> Self {
        Self { consumer, position }
    }
}

impl From<DeadLetterPage> for LetterName {
    fn from(DeadLetterPage { consumer, position }: DeadLetterPage) -> Self {
        Self { consumer, position }
    }
}

impl From<&DeadLetter> for LetterName {
    fn from(letter: &DeadLetter) -> Self {
        Self { consumer: letter.consumer.clone(), position: letter.event.position }
    }
}

impl Outbox {
    /// A page of dead letters, without their details.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        after: Option<LetterName>,
        limit: usize,
    ) -> Result<Listed, StoreError> {
        self.queue.dead_letters(filter, after.map(DeadLetterPage::from).as_ref(), limit).await
    }

    /// One dead letter, whole.
    pub async fn dead_letter(&self, name: &LetterName) -> Result<Option<DeadLetter>, StoreError> {
        self.queue.dead_letter(&name.consumer, name.position).await
    }

    /// Has dead letters delivered once more, as if for the first time; answers how many there were.
    pub async fn replay(
        &self,
        consumer: &Consumer,
        positions: &[Position],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let replayed = self.queue.replay(consumer, positions, now).await?;
        self.enriched.notify_waiters();
        Ok(replayed)
    }

    /// Removes dead letters; answers how many there were.
    pub async fn purge(
        &self,
        consumer: &Consumer,
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        self.queue.remove_dead_letters(consumer, positions).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_whatever_the_destination_is_called() {
        for text in ["dk_test_shop/webhook/17", "dk_live_shop/a/b c/0"] {
            assert_eq!(text.parse::<LetterName>().unwrap().to_string(), text);
        }
        for text in
            ["", "dk_test_shop/webhook", "dk_test_shop//1", "shop/webhook/1", "dk_test_shop/a/-1"]
        {
            assert_eq!(text.parse::<LetterName>(), Err(LetterNameError), "{text}");
        }
    }
}
