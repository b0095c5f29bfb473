//! Counters, gauges and histograms made of atomics, found by index: counting takes no lock and hashes nothing.
//!
//! `prometheus-client` writes the exposition; its own histogram holds a mutex and its own families hash their labels.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::labels::Label;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// A number that grows under the words of one label.
#[derive(Debug)]
pub struct CounterBy<A>(Box<[AtomicU64]>, PhantomData<A>);

/// A number that grows under the words of two labels; only pairs that happened are shown, unless it counts `FROM_ZERO`: then
/// an alert hears of the first.
#[derive(Debug)]
pub struct CounterByTwo<A, B, const FROM_ZERO: bool = false>(Box<[AtomicU64]>, PhantomData<(A, B)>);

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

/// Durations in fixed buckets from 50 µs to 10 s.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// Durations under the words of one label; only words that happened are shown.
#[derive(Debug)]
pub struct HistogramBy<A>(Box<[Histogram]>, PhantomData<A>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }
}

impl<A: Label> CounterBy<A> {
    /// Adds one under `label`.
    pub fn count(&self, label: A) {
        self.0[label.index()].fetch_add(1, Relaxed);
    }
}

impl<A: Label, B: Label, const FROM_ZERO: bool> CounterByTwo<A, B, FROM_ZERO> {
    /// Adds one under `first` and `second`.
    pub fn count(&self, first: A, second: B) {
        self.0[first.index() * B::ALL.len() + second.index()].fetch_add(1, Relaxed);
    }
}

impl Gauge {
    /// Moves by `n`, which may be negative.
    pub fn add(&self, n: i64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// Replaces the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Relaxed);
    }
}

impl Histogram {
    /// Counts a duration in seconds; a negative one or no number counts as zero.
    pub fn observe(&self, seconds: f64) {
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos(seconds), Relaxed);
    }
}

impl<A: Label> HistogramBy<A> {
    /// Counts a duration in seconds under `label`.
    pub fn observe(&self, label: A, seconds: f64) {
        self.0[label.index()].observe(seconds);
    }
}

impl<A: Label> Default for CounterBy<A> {
    fn default() -> Self {
        Self(A::ALL.iter().map(|_| AtomicU64::new(0)).collect(), PhantomData)
    }
}

impl<A: Label, B: Label, const FROM_ZERO: bool> Default for CounterByTwo<A, B, FROM_ZERO> {
    fn default() -> Self {
        Self((0..A::ALL.len() * B::ALL.len()).map(|_| AtomicU64::new(0)).collect(), PhantomData)
    }
}

impl<A: Label> Default for HistogramBy<A> {
    fn default() -> Self {
        Self(A::ALL.iter().map(|_| Histogram::default()).collect(), PhantomData)
    }
}

impl EncodeMetric for Counter {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        out.encode_counter::<NoLabelSet, _, u64>(&self.0.load(Relaxed), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

impl<A: Label> EncodeMetric for CounterBy<A> {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        for (label, cell) in A::ALL.iter().zip(&self.0) {
            let labels = [(A::KEY, label.text())];
            out.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&cell.load(Relaxed), None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

impl<A: Label, B: Label, const FROM_ZERO: bool> EncodeMetric for CounterByTwo<A, B, FROM_ZERO> {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        for (first, row) in A::ALL.iter().zip(self.0.chunks(B::ALL.len())) {
            for (second, cell) in B::ALL.iter().zip(row) {
                let value = cell.load(Relaxed);
                if value == 0 && !FROM_ZERO {
                    continue;
                }
                let labels = [(A::KEY, first.text()), (B::KEY, second.text())];
                out.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
            }
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

impl EncodeMetric for Gauge {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        out.encode_gauge(&self.0.load(Relaxed))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        let mut buckets = [(f64::INFINITY, 0); BOUNDS.len() + 1];
        let mut count = 0;
        for (position, (bound, total)) in buckets.iter_mut().enumerate() {
            *bound = BOUNDS.get(position).copied().unwrap_or(f64::INFINITY);
            *total = self.buckets[position].load(Relaxed);
            count += *total;
        }
        out.encode_histogram::<NoLabelSet>(seconds(self.nanos.load(Relaxed)), count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

impl<A: Label> EncodeMetric for HistogramBy<A> {
    fn encode(&self, mut out: MetricEncoder) -> fmt::Result {
        for (label, histogram) in A::ALL.iter().zip(&self.0) {
            if histogram.buckets.iter().all(|bucket| bucket.load(Relaxed) == 0) {
                continue;
            }
            let labels = [(A::KEY, label.text())];
            histogram.encode(out.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and never below zero"
)]
fn nanos(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1e9) as u64
}

#[expect(clippy::cast_precision_loss, reason = "a sum of durations is read as an average")]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// Upper bounds in seconds: fine where a warm token request lies, coarse where a password hash does.
const BOUNDS: [f64; 24] = [
    0.000_05, 0.000_075, 0.000_1, 0.000_15, 0.000_2, 0.000_25, 0.000_3, 0.000_4, 0.000_5, 0.000_75, 0.001,
    0.001_5, 0.002, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
