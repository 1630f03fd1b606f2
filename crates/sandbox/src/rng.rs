//! `SplitMix64`: a generator whose whole state is one number, so that customer `n` can be made without
//! making the `n - 1` before it.

/// Increment of the sequence: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A deterministic stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The stream number `stream` of a seed. Streams of one seed look independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut mixer = Self { state: seed };
        let base = mixer.next_u64();
        Self { state: base ^ stream.wrapping_mul(0xd134_2543_de82_ef95) }
    }

    /// The next number.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let high = ((self.next_u64() >> 32) * u64::from(bound)) >> 32;
        // The product of two 32-bit numbers shifted by 32 is below the bound.
        u32::try_from(high).unwrap_or(0)
    }

    /// One of the choices; the type's default for none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let bound = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        choices.get(self.below(bound) as usize).copied().unwrap_or_default()
    }

    /// True once in `n`, on average.
    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// An identifier in the shape of a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (a, b) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_streams_and_streams_differ() {
        let take = |seed, stream| SplitMix64::new(seed, stream).next_u64();
        assert_eq!(take(7, 1), take(7, 1));
        assert_ne!(take(7, 1), take(7, 2));
        assert_ne!(take(7, 1), take(8, 1));
    }

    #[test]
    fn picks_stay_inside_and_reach_every_choice() {
        let mut rng = SplitMix64::new(1, 1);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[rng.pick(&[0_usize, 1, 2, 3, 4])] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(rng.pick::<usize>(&[]), 0);
    }

    #[test]
    fn uuids_have_the_shape_of_version_4() {
        let id = SplitMix64::new(1, 1).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"));
    }
}
