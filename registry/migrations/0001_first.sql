-- Portable: TEXT and BIGINT only, so that the same statements read the same rows on every database.
-- Moments are seconds since 1970. Digests are `sha256:<hex>`. Notes are UTF-8 without control characters
-- but line ends, so TEXT keeps them byte for byte.

CREATE TABLE registry (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL,
    created BIGINT NOT NULL
);

-- Everything that changes what is published, in the order of acceptance. Never updated, never deleted from.
CREATE TABLE entries (
    "index" BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    note TEXT NOT NULL
);

CREATE TABLE namespaces (
    name TEXT PRIMARY KEY,
    created BIGINT NOT NULL
);

CREATE TABLE keysets (
    namespace TEXT NOT NULL REFERENCES namespaces (name),
    sequence BIGINT NOT NULL,
    entry BIGINT NOT NULL UNIQUE REFERENCES entries ("index"),
    PRIMARY KEY (namespace, sequence)
);

CREATE TABLE packages (
    name TEXT PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES namespaces (name),
    visibility TEXT NOT NULL,
    created BIGINT NOT NULL
);

-- `yanked` is the entry of the yank note that stands, `events` how many yanks and unyanks there were.
CREATE TABLE releases (
    entry BIGINT PRIMARY KEY REFERENCES entries ("index"),
    package TEXT NOT NULL REFERENCES packages (name),
    version TEXT NOT NULL,
    tarball TEXT NOT NULL,
    size BIGINT NOT NULL,
    component TEXT NOT NULL,
    permissions TEXT NOT NULL,
    host TEXT,
    published BIGINT NOT NULL,
    events BIGINT NOT NULL,
    yanked BIGINT REFERENCES entries ("index"),
    UNIQUE (package, version)
);

CREATE INDEX releases_by_tarball ON releases (tarball);

CREATE TABLE events (
    entry BIGINT PRIMARY KEY REFERENCES entries ("index"),
    release BIGINT NOT NULL REFERENCES releases (entry),
    sequence BIGINT NOT NULL,
    UNIQUE (release, sequence)
);

-- What `/index/<package>` answers, made when something changes so that reading it is one look-up.
CREATE TABLE index_files (
    package TEXT PRIMARY KEY REFERENCES packages (name),
    body TEXT NOT NULL,
    digest TEXT NOT NULL,
    modified BIGINT NOT NULL
);

-- The token itself is kept nowhere: `digest` is of it, and `selector` is the start of that.
CREATE TABLE tokens (
    id BIGINT PRIMARY KEY,
    selector TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    scopes TEXT NOT NULL,
    namespace TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT
);
