"""The tables of the index. SQLite is the source of truth; Chroma's vectors can be made again from it."""

from __future__ import annotations

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    stages TEXT NOT NULL,             -- versions of parser and splitter that made its rows
    outcome TEXT NOT NULL,
    reason TEXT
);

CREATE TABLE IF NOT EXISTS pages (                  -- side by side they are the document's text
    file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
    number INTEGER,                   -- from 1, NULL where the format has no pages
    start INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS pages_by_file ON pages (file_id, start);

CREATE TABLE IF NOT EXISTS embeddings (             -- by the hash of the embedded text
    hash TEXT PRIMARY KEY,
    vector BLOB NOT NULL              -- float32, unit length
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again: Chroma may still hold an old one
    file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
    page INTEGER,
    heading TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    header TEXT NOT NULL,
    embedding TEXT NOT NULL,
    vectors_pending INTEGER NOT NULL DEFAULT 1   -- 1 until Chroma has its vector
);
CREATE INDEX IF NOT EXISTS passages_by_file ON passages (file_id, start);
CREATE INDEX IF NOT EXISTS passages_by_embedding ON passages (embedding);
CREATE INDEX IF NOT EXISTS passages_pending ON passages (id) WHERE vectors_pending;

CREATE TABLE IF NOT EXISTS dead_vectors (id INTEGER PRIMARY KEY);   -- passages gone here and still in Chroma

CREATE VIRTUAL TABLE IF NOT EXISTS lexicon USING fts5 (
    text, header, content='passages', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);

CREATE TRIGGER IF NOT EXISTS passages_added AFTER INSERT ON passages BEGIN
    INSERT INTO lexicon (rowid, text, header) VALUES (new.id, new.text, new.header);
END;
CREATE TRIGGER IF NOT EXISTS passages_gone AFTER DELETE ON passages BEGIN
    INSERT INTO lexicon (lexicon, rowid, text, header) VALUES ('delete', old.id, old.text, old.header);
    INSERT INTO dead_vectors (id) VALUES (old.id);
END;
"""
