//! Switches of login and lock-out.

/// How long a nonce lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NonceLife {
    /// For one request.
    #[default]
    OneShot,
    /// For this many requests; 8 was seen.
    Uses(u32),
    /// For this many seconds of the device's clock.
    Seconds(i64),
    /// For any number of requests to the path it was given for.
    BoundToUrl,
    /// Given for a read it is good for reads; the first write with it is answered 401.
    ReadsOnly,
    /// The same for everybody for this many seconds, each count of it good once.
    Shared(i64),
    /// The one that was given last, to whomever, and no other.
    LastOnly,
}

/// What `stale` says in the 401 to a worn-out nonce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stale {
    /// Always false.
    #[default]
    NeverTrue,
    /// True, as RFC 7616 wants it.
    True,
    /// The same in capitals and without quotation marks.
    Capitals,
}

/// What the `WWW-Authenticate` headers look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Challenge {
    /// `qop, realm="DS-…", nonce, stale="false", opaque="", domain="::"`, no algorithm.
    #[default]
    Terminal,
    /// The sample of the guide: `stale="FALSE"`, neither opaque nor algorithm.
    GuideSample,
    /// As a terminal, with `algorithm="MD5"`.
    Md5Named,
    /// SHA-256 only.
    Sha256Only,
    /// Two headers, SHA-256 before MD5.
    Sha256ThenMd5,
    /// Two headers, MD5 before SHA-256.
    Md5ThenSha256,
    /// One header with both, SHA-256 before MD5.
    CommaJoined,
    /// Two headers, Digest (MD5) before Basic.
    DigestThenBasic,
    /// Two headers, Basic before Digest (MD5).
    BasicThenDigest,
    /// One header, Basic before Digest (MD5).
    BasicCommaDigest,
    /// As a terminal, with the scheme written `dIgEsT`.
    OddCase,
    /// Basic and nothing else: a client must go without.
    BasicOnly,
    /// A 401 without any such header.
    None,
}

impl Challenge {
    /// Whether SHA-256 may be answered.
    pub(in crate::hikvision) fn offers_sha256(self) -> bool {
        matches!(
            self,
            Self::Sha256Only | Self::Sha256ThenMd5 | Self::Md5ThenSha256 | Self::CommaJoined
        )
    }

    /// Whether MD5 may be answered.
    pub(in crate::hikvision) fn offers_md5(self) -> bool {
        !matches!(self, Self::Sha256Only | Self::BasicOnly | Self::None)
    }

    /// Whether the challenge carries an `opaque`, be it empty.
    pub(in crate::hikvision) fn has_opaque(self) -> bool {
        self != Self::GuideSample
    }
}

/// Body of a 401 (`userCheck` itself always answers its own XML).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Body401 {
    /// `userCheck` with lock state.
    #[default]
    UserCheckXml,
    /// `ResponseStatus` with `badAuthorization` and lock state.
    ResponseStatusXml,
    /// JSON, statusCode 4, `invalidOperation`.
    Json,
    /// A page.
    Html,
    /// Nothing.
    Empty,
}

/// The lock-out after wrong logins, counted per source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Wrong logins that lock; 5 by default.
    pub failures: u32,
    /// Length of the lock in seconds; 1800 by default.
    pub seconds: i64,
    /// Whether a right login forgets the wrong ones; not by default.
    pub reset_on_success: bool,
    /// Whether a worn-out nonce is a failure too; not by default.
    pub worn_out_nonce_counts: bool,
}

impl Default for Lock {
    fn default() -> Self {
        Self { failures: 5, seconds: 1800, reset_on_success: false, worn_out_nonce_counts: false }
    }
}

/// What the account may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Permissions {
    /// Everything.
    #[default]
    Admin,
    /// Writes are answered 403 `lowPrivilege`.
    ReadsOnly,
    /// Everything about persons is answered 401, without counting a failure: "Remote: Parameters
    /// Settings" is missing.
    NoParameters,
}
