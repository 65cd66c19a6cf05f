//! Chance that can be told again: the same seed gives the same numbers on every machine.

/// A stream of numbers (SplitMix64, Steele and others 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed; `label` tells streams of one seed apart.
    pub fn new(seed: u64, label: u64) -> Self {
        let mut chance = Self(seed ^ label.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        Self(chance.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit` (0 for 0).
    pub fn below(&mut self, limit: usize) -> usize {
        let wide = u128::from(self.next()) * limit as u128;
        (wide >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low).max(0) as usize + 1) as i64
    }

    /// Yes with this many chances in a thousand.
    pub fn in_thousand(&mut self, chances: usize) -> bool {
        self.below(1000) < chances
    }

    /// One of these, all equally likely.
    pub fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A place in `0..length`, if there is one.
    pub fn place(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.below(length))
    }

    /// The value of one of these pairs, as likely as its weight says.
    pub fn weighted<T: Copy>(&mut self, pairs: &[(usize, T)]) -> T {
        let total = pairs.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(total);
        for (weight, value) in pairs {
            if at < *weight {
                return *value;
            }
            at -= weight;
        }
        pairs[0].1
    }
}
