-- What a search finds a release by, beyond its own row. Releases of older databases get theirs from
-- their tarballs. Lists are one value per line.
CREATE TABLE summaries (
    release BIGINT PRIMARY KEY REFERENCES releases (entry),
    description TEXT NOT NULL,
    keywords TEXT NOT NULL,
    actions TEXT NOT NULL,
    imports TEXT NOT NULL
);

-- How often the tarball of a release was fetched whole. No row is none.
CREATE TABLE downloads (
    release BIGINT PRIMARY KEY REFERENCES releases (entry),
    count BIGINT NOT NULL
);
