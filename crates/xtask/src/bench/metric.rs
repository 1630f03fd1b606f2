//! What is measured of a contestant.

use std::collections::BTreeMap;

/// A kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Metric {
    /// Requests a second, under all the load there is.
    Throughput,
    /// CPU time of the server for a request.
    Cpu,
    /// Events a second, where a request may carry several.
    Events,
    /// CPU time of the server for an event.
    EventCpu,
    /// Latency at 20 % load.
    P50,
    P99,
    /// From when an event was sent until its destination had it.
    Lag50,
    Lag99,
    LagMost,
    /// Of the whole process.
    Memory,
    /// What an event takes on the disk.
    Disk,
    /// What one piece of work takes, with nothing around it.
    Time,
    /// From the start of a navigation until a page's SDK is ready, over lines that add nothing and over long ones.
    Ready,
    ReadyFar,
    /// What a page's scripts take of the main thread.
    Script,
    /// What a page takes of the heap more than a blank one, and of the memory of wasm.
    Heap,
    Wasm,
}

/// One contestant in one round, or what is typical of it.
pub(super) type Sample = BTreeMap<Metric, f64>;

impl Metric {
    /// Not a number where it was not measured.
    pub(super) fn of(self, sample: &Sample) -> f64 {
        sample.get(&self).copied().unwrap_or(f64::NAN)
    }

    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Throughput => "req/s",
            Self::Cpu => "µs CPU/request",
            Self::Events => "events/s",
            Self::EventCpu => "µs CPU/event",
            Self::P50 | Self::P99 | Self::Time => "µs",
            Self::Lag50
            | Self::Lag99
            | Self::LagMost
            | Self::Ready
            | Self::ReadyFar
            | Self::Script => "ms",
            Self::Heap | Self::Wasm => "KB",
            Self::Memory => "MB",
            Self::Disk => "bytes/event",
        }
    }

    /// The head of its column.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Throughput => "req/s",
            Self::Cpu => "CPU µs/request",
            Self::Events => "events/s",
            Self::EventCpu => "CPU µs/event",
            Self::P50 => "p50 µs",
            Self::P99 => "p99 µs",
            Self::Lag50 => "lag p50 ms",
            Self::Lag99 => "lag p99 ms",
            Self::LagMost => "longest lag ms",
            Self::Memory => "resident MB",
            Self::Disk => "bytes on disk/event",
            Self::Time => "µs",
            Self::Ready => "ready ms",
            Self::ReadyFar => "ready ms, 50 ms round trips",
            Self::Script => "script ms",
            Self::Heap => "heap KB over blank",
            Self::Wasm => "wasm memory KB",
        }
    }

    /// What its bars show.
    pub(super) fn bars(self) -> String {
        let (name, better) = match self {
            Self::Throughput => ("requests per second", "longer"),
            Self::Cpu => ("CPU µs per request", "shorter"),
            Self::Events => ("events per second", "longer"),
            Self::EventCpu => ("CPU µs per event", "shorter"),
            Self::P50 => ("median latency in µs", "shorter"),
            Self::P99 => ("p99 latency in µs", "shorter"),
            Self::Lag50 => ("median lag in ms", "shorter"),
            Self::Lag99 => ("p99 lag in ms", "shorter"),
            Self::LagMost => ("longest lag in ms", "shorter"),
            Self::Memory => ("resident MB", "shorter"),
            Self::Disk => ("bytes on disk per event", "shorter"),
            Self::Time => ("µs", "shorter"),
            Self::Ready => ("ms until ready", "shorter"),
            Self::ReadyFar => ("ms until ready, at 50 ms", "shorter"),
            Self::Script => ("script ms", "shorter"),
            Self::Heap => ("heap KB over a blank page", "shorter"),
            Self::Wasm => ("KB of wasm memory", "shorter"),
        };
        format!("{name} ({better} is better)")
    }

    /// How many digits behind the point say something.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Cpu | Self::EventCpu | Self::Script => 1,
            Self::Time => 2,
            _ => 0,
        }
    }
}
