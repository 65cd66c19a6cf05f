//! Switches that every device has: login, lock-out, connections, errors, and forms.

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
    pub(crate) fn offers_sha256(self) -> bool {
        matches!(
            self,
            Self::Sha256Only | Self::Sha256ThenMd5 | Self::Md5ThenSha256 | Self::CommaJoined
        )
    }

    /// Whether MD5 may be answered.
    pub(crate) fn offers_md5(self) -> bool {
        !matches!(self, Self::Sha256Only | Self::BasicOnly | Self::None)
    }

    /// Whether the challenge carries an `opaque`, be it empty.
    pub(crate) fn has_opaque(self) -> bool {
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

/// What happens to the connection after an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeepAlive {
    /// `Connection: close` after each answer.
    #[default]
    Close,
    /// Kept for 10 idle seconds.
    Keep,
    /// Every n-th request gets no answer and is not carried out, the others as with `Close`.
    DropEvery(usize),
    /// Kept, and a second request on it is never answered.
    SilentOnSecond,
    /// Said to be kept, and closed so many milliseconds after each 401.
    ClosesAfter401(u64),
    /// Said to be kept, and closed so many milliseconds after each answer.
    ClosesAfterEach(u64),
    /// Kept, and closed without an answer at its n-th request.
    ClosesAt {
        /// Which request of a connection, counted from 1.
        nth: usize,
        /// Whether that request is carried out all the same.
        is_done: bool,
    },
    /// A request that comes sooner than so many real milliseconds after the one before is not carried
    /// out, and its connection is reset.
    ResetFaster(u64),
}

/// What happens to a request that comes while another is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// It waits.
    #[default]
    Wait,
    /// It is answered `deviceBusy`.
    Busy,
    /// Its connection is closed.
    Reset,
}

/// HTTP status of errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorStatus {
    /// 200, only the body tells.
    #[default]
    Ok200,
    /// 403 for class 4, 400 for 5 and 6, 503 for 2, 500 for 3.
    ByClass,
}

/// Form of errors on the JSON calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorBody {
    /// JSON with numbers.
    #[default]
    Json,
    /// JSON with the numbers as strings.
    JsonStrings,
    /// JSON one level down, under `ResponseStatus`.
    JsonNested,
    /// XML in the device's namespace.
    Xml,
}

/// The three namespaces of XML answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Namespace {
    /// `http://www.isapi.org/ver20/XMLSchema`
    #[default]
    Isapi,
    /// `http://www.hikvision.com/ver20/XMLSchema`
    Hikvision,
    /// `http://www.std-cgi.com/ver20/XMLSchema`
    StdCgi,
}

impl Namespace {
    /// The namespace name.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Isapi => "http://www.isapi.org/ver20/XMLSchema",
            Self::Hikvision => "http://www.hikvision.com/ver20/XMLSchema",
            Self::StdCgi => "http://www.std-cgi.com/ver20/XMLSchema",
        }
    }
}

/// Form of `deviceInfo` and `AccessControl/capabilities`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InfoFormat {
    /// XML, whatever is asked.
    #[default]
    XmlAlways,
    /// JSON when `format=json` is asked.
    FollowsFormat,
}

/// Form of `localTime` in `System/time`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LocalTime {
    /// `2026-11-21T09:00:00+01:00`
    #[default]
    WithOffset,
    /// `2026-11-21T09:00:00`
    Plain,
    /// `2026-11-21 09:00:00+0100`
    Basic,
    /// `2026-11-21T09:00:00 01:00`, the sign lost on the way.
    NoSign,
}

/// What a device's switches say about the parts that every device has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common<'s> {
    pub(crate) nonce: NonceLife,
    pub(crate) stale: Stale,
    pub(crate) challenge: Challenge,
    pub(crate) opaque: &'s str,
    pub(crate) body_401: Body401,
    pub(crate) lock: Lock,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) concurrency: Concurrency,
    pub(crate) error_status: ErrorStatus,
    pub(crate) error_body: ErrorBody,
    pub(crate) ok_with_error_fields: bool,
    pub(crate) namespace: Namespace,
    pub(crate) info_format: InfoFormat,
    pub(crate) local_time: LocalTime,
}
