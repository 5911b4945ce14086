use jiff::SignedDuration;

/// The lengths of time that rotation works with.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Life of a certificate authority; its successor is made when two thirds have passed.
    pub ca_life: SignedDuration,
    /// Life of a served certificate; it is replaced when two thirds have passed.
    pub leaf_life: SignedDuration,
    /// How far in the past certificates begin, so that a peer with a slow clock accepts them.
    pub backdate: SignedDuration,
    /// How long a bundle must have been published before a new authority signs: API servers read their webhook
    /// configuration from a cache that trails behind.
    pub settle: SignedDuration,
}

impl Policy {
    /// How long a replaced authority stays published: as long as a leaf signed at the last moment by a replica
    /// with a slow clock may still be served.
    pub(crate) fn retention(&self) -> SignedDuration {
        self.leaf_life + self.backdate
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ca_life: SignedDuration::from_hours(365 * 24),
            leaf_life: SignedDuration::from_hours(48),
            backdate: SignedDuration::from_mins(10),
            settle: SignedDuration::from_secs(60),
        }
    }
}
