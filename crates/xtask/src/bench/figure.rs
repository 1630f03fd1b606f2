//! A figure: what is reported, what it had to reach, and whether it did.

use serde_json::{Value, json};

use super::stats::Interval;

/// What a figure has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// Whether it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Met,
    Missed,
    /// The interval holds the target: more pairs are needed. Not a miss.
    Undecided,
}

/// One line of a report.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) comparison: Option<Comparison>,
    pub(super) target: Option<Target>,
    /// Absent where there is no target.
    pub(super) verdict: Option<Verdict>,
    /// What would be better still. It is shown, and never missed.
    pub(super) stretch: Option<(Target, Verdict)>,
}

/// How the value compares with a baseline's.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) baseline: &'static str,
    pub(super) ratio: Interval,
    pub(super) pairs: usize,
}

impl Target {
    pub(super) fn number(self) -> f64 {
        match self {
            Self::AtLeast(number) | Self::AtMost(number) => number,
        }
    }

    /// Decided once the whole interval lies on one side.
    pub(super) fn verdict(self, low: f64, high: f64) -> Verdict {
        let (met, missed) = match self {
            Self::AtLeast(target) => (low >= target, high < target),
            Self::AtMost(target) => (high <= target, low > target),
        };
        match (met, missed) {
            (true, _) => Verdict::Met,
            (_, true) => Verdict::Missed,
            _ => Verdict::Undecided,
        }
    }
}

impl Figure {
    /// A single number, held to its targets as it is.
    pub(super) fn plain(
        name: &'static str,
        (value, unit): (f64, &'static str),
        target: Target,
        stretch: Option<Target>,
    ) -> Self {
        Self {
            name,
            value,
            unit,
            comparison: None,
            target: Some(target),
            verdict: Some(target.verdict(value, value)),
            stretch: stretch.map(|stretch| (stretch, stretch.verdict(value, value))),
        }
    }

    /// A single number that nothing is asked of.
    pub(super) fn untargeted(name: &'static str, (value, unit): (f64, &'static str)) -> Self {
        Self { name, value, unit, comparison: None, target: None, verdict: None, stretch: None }
    }

    /// The same, of a run too short to decide anything.
    pub(super) fn of_a_trial(self) -> Self {
        Self {
            verdict: self.verdict.map(|_| Verdict::Undecided),
            stretch: self.stretch.map(|(target, _)| (target, Verdict::Undecided)),
            ..self
        }
    }

    /// The name, which alone does not tell two baselines apart.
    pub(super) fn title(&self) -> String {
        match &self.comparison {
            Some(comparison) => format!("{}, beside {}", self.name, comparison.baseline),
            None => self.name.to_owned(),
        }
    }

    pub(super) fn is_missed(&self) -> bool {
        self.verdict == Some(Verdict::Missed)
    }

    /// The object of the `--json` array.
    pub(super) fn json(&self) -> Value {
        let ratio = self.comparison.as_ref().map(|comparison| comparison.ratio);
        let met = self.verdict.map(|verdict| match verdict {
            Verdict::Met => Value::Bool(true),
            Verdict::Missed => Value::Bool(false),
            Verdict::Undecided => "undecided".into(),
        });
        json!({
            "figure": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.comparison.as_ref().map(|comparison| comparison.baseline),
            "ratio": ratio.map(|ratio| ratio.median),
            "low": ratio.map(|ratio| ratio.low),
            "high": ratio.map(|ratio| ratio.high),
            "target": self.target.map(Target::number),
            "met": met,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_inside_the_interval_is_undecided() {
        let at_least = Target::AtLeast(0.7);
        assert_eq!(at_least.verdict(0.71, 0.8), Verdict::Met);
        assert_eq!(at_least.verdict(0.69, 0.8), Verdict::Undecided);
        assert_eq!(at_least.verdict(0.6, 0.69), Verdict::Missed);
        let at_most = Target::AtMost(1.1);
        assert_eq!(at_most.verdict(0.9, 1.0), Verdict::Met);
        assert_eq!(at_most.verdict(0.9, 1.2), Verdict::Undecided);
        assert_eq!(at_most.verdict(1.2, 1.3), Verdict::Missed);
        assert_eq!(at_most.verdict(f64::NAN, f64::NAN), Verdict::Undecided);
    }

    #[test]
    fn a_single_number_is_always_decided() {
        let memory =
            |mb| Figure::plain("m", (mb, "MB"), Target::AtMost(64.0), Some(Target::AtMost(40.0)));
        assert_eq!(memory(50.0).verdict, Some(Verdict::Met));
        assert_eq!(memory(50.0).stretch, Some((Target::AtMost(40.0), Verdict::Missed)));
        assert!(!memory(50.0).is_missed() && memory(65.0).is_missed());
        assert!(!memory(65.0).of_a_trial().is_missed());
    }

    #[test]
    fn the_object_has_these_names_and_no_others() {
        let object = Figure {
            name: "throughput",
            value: 50_000.0,
            unit: "req/s",
            comparison: Some(Comparison {
                baseline: "floor",
                ratio: Interval { low: 0.6, median: 0.65, high: 0.72 },
                pairs: 60,
            }),
            target: Some(Target::AtLeast(0.7)),
            verdict: Some(Verdict::Undecided),
            stretch: None,
        };
        let expected = json!({
            "figure": "throughput", "value": 50_000.0, "unit": "req/s", "baseline": "floor",
            "ratio": 0.65, "low": 0.6, "high": 0.72, "target": 0.7, "met": "undecided",
        });
        assert_eq!(object.json(), expected);
    }
}
