//! Rounds: every contestant once, in turn, so that what the machine does meanwhile happens to all of them.
//! Two samples of one round are a pair, and the ratio of a pair is what is trusted.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::figure::{Comparison, Figure, Target, Verdict};
use super::metric::{Metric, Sample};
use super::stats::{bootstrap, median};

/// One figure to be found.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) figure: &'static str,
    pub(super) metric: Metric,
    pub(super) of: &'static str,
    pub(super) baseline: &'static str,
    pub(super) target: Option<Target>,
    pub(super) stretch: Option<Target>,
}

impl Question {
    /// Without a target: for the reader.
    pub(super) const fn new(
        figure: &'static str,
        metric: Metric,
        of: &'static str,
        baseline: &'static str,
    ) -> Self {
        Self { figure, metric, of, baseline, target: None, stretch: None }
    }
}

/// How many rounds there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    /// With all contestants.
    pub(super) least: usize,
    /// From there on only with those of undecided questions.
    pub(super) most: usize,
}

/// What was measured.
#[derive(Debug, Default)]
pub(super) struct Rounds(Vec<BTreeMap<&'static str, Sample>>);

impl Rounds {
    /// Goes round until every question with a target is decided, or there were enough rounds.
    pub(super) fn run(
        contestants: &[&'static str],
        questions: &[Question],
        count: Count,
        mut measure: impl FnMut(usize, &'static str) -> Result<Sample>,
    ) -> Result<Self> {
        let mut rounds = Self::default();
        while rounds.0.len() < count.most {
            let number = rounds.0.len();
            let mut due = contestants.to_vec();
            if number >= count.least {
                let open: Vec<_> = questions.iter().filter(|it| rounds.is_open(it)).collect();
                due.retain(|name| open.iter().any(|it| it.of == *name || it.baseline == *name));
            }
            if due.is_empty() {
                break;
            }
            // Back and forth: nobody always follows the same neighbour.
            if number % 2 == 1 {
                due.reverse();
            }
            let samples = due.into_iter().map(|name| Ok((name, measure(number + 1, name)?)));
            rounds.0.push(samples.collect::<Result<_>>()?);
        }
        Ok(rounds)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The median of a contestant's samples.
    pub(super) fn median(&self, name: &str, metric: Metric) -> f64 {
        let samples = self.0.iter().filter_map(|round| round.get(name));
        median(&samples.map(|sample| metric.of(sample)).collect::<Vec<_>>())
    }

    /// The medians of all that was measured of a contestant.
    pub(super) fn medians(&self, name: &str) -> Sample {
        let samples = self.0.iter().filter_map(|round| round.get(name));
        let metrics: BTreeSet<_> = samples.flat_map(|sample| sample.keys().copied()).collect();
        metrics.into_iter().map(|metric| (metric, self.median(name, metric))).collect()
    }

    /// The answer to a question; none if one of the two took no part.
    pub(super) fn figure(&self, question: &Question) -> Option<Figure> {
        let comparison = self.compare(question)?;
        let verdict = |target: Target| target.verdict(comparison.ratio.low, comparison.ratio.high);
        Some(Figure {
            name: question.figure,
            value: self.median(question.of, question.metric),
            unit: question.metric.unit(),
            target: question.target,
            verdict: question.target.map(verdict),
            stretch: question.stretch.map(|target| (target, verdict(target))),
            comparison: Some(comparison),
        })
    }

    fn compare(&self, question: &Question) -> Option<Comparison> {
        let value = |round: &BTreeMap<_, _>, name| Some(question.metric.of(round.get(name)?));
        let pair = |round| Some(value(round, question.of)? / value(round, question.baseline)?);
        let ratios: Vec<f64> = self.0.iter().filter_map(pair).collect();
        (!ratios.is_empty()).then(|| Comparison {
            baseline: question.baseline,
            ratio: bootstrap(&ratios),
            pairs: ratios.len(),
        })
    }

    fn is_open(&self, question: &Question) -> bool {
        let verdict = self.figure(question).and_then(|figure| figure.verdict);
        verdict == Some(Verdict::Undecided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Count = Count { least: 9, most: 60 };

    fn question(target: f64) -> Question {
        Question {
            figure: "f",
            metric: Metric::Throughput,
            of: "ours",
            baseline: "floor",
            target: Some(Target::AtLeast(target)),
            stretch: None,
        }
    }

    /// Ours is 0.7 or 0.8 of the floor, in turn; a bystander is asked nothing.
    fn run(target: f64) -> (Rounds, Vec<&'static str>) {
        let mut order = Vec::new();
        let rounds =
            Rounds::run(&["ours", "floor", "other"], &[question(target)], COUNT, |n, name| {
                order.push(name);
                let per_second =
                    if name == "ours" { 70.0 + 10.0 * f64::from(n % 2 == 0) } else { 100.0 };
                Ok(Sample::from([(Metric::Throughput, per_second)]))
            });
        (rounds.unwrap(), order)
    }

    #[test]
    fn a_clear_answer_needs_the_least_number_of_rounds() {
        let (rounds, order) = run(0.6);
        assert_eq!(rounds.len(), 9);
        assert_eq!(order[..6], ["ours", "floor", "other", "other", "floor", "ours"]);
        let figure = rounds.figure(&question(0.6)).unwrap();
        assert_eq!(figure.verdict, Some(Verdict::Met));
        assert_eq!(figure.comparison.unwrap().pairs, 9);
    }

    #[test]
    fn an_unclear_one_goes_on_to_the_end_without_bystanders() {
        let (rounds, order) = run(0.75);
        assert_eq!(rounds.len(), 60);
        assert_eq!(order.iter().filter(|name| **name == "other").count(), 9);
        let figure = rounds.figure(&question(0.75)).unwrap();
        assert_eq!(figure.verdict, Some(Verdict::Undecided));
        assert!(!figure.is_missed());
    }

    #[test]
    fn who_took_no_part_is_compared_with_nobody() {
        let (rounds, _) = run(0.6);
        assert!(rounds.figure(&Question { baseline: "absent", ..question(0.6) }).is_none());
    }
}
