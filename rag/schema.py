"""The tables of the index. SQLite is the source of truth; Chroma's vectors can be made again from it."""

from __future__ import annotations

SCHEMA_VERSION = 2
"""Part of the name of an index's store, so that another schema is built beside the old one."""

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,        -- ends in "/" for a folder that is not entered
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    content_hash TEXT NOT NULL,       -- empty where it was not read
    stages TEXT NOT NULL,             -- versions of parser and splitter that made its rows
    outcome TEXT NOT NULL,
    reason TEXT,
    racy INTEGER NOT NULL             -- 1 where it was changed so shortly before that its time may hide a later change
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
    header TEXT NOT NULL,             -- the file's name as words, and the headings
    columns TEXT NOT NULL,            -- the header row of a table that it continues
    embedding TEXT NOT NULL,          -- of a file that was renamed: the one under its old name
    vector_state INTEGER NOT NULL     -- 0: not embedded yet; 1: Chroma lacks it; 2: Chroma has it
);
CREATE INDEX IF NOT EXISTS passages_by_file ON passages (file_id, start);
CREATE INDEX IF NOT EXISTS passages_by_embedding ON passages (embedding);
CREATE INDEX IF NOT EXISTS passages_waiting ON passages (vector_state) WHERE vector_state < 2;

CREATE TABLE IF NOT EXISTS dead_vectors (id INTEGER PRIMARY KEY);   -- passages gone here and still in Chroma

CREATE VIEW IF NOT EXISTS passage_words AS
    SELECT id, text, header || char(10) || columns AS header FROM passages;

CREATE VIRTUAL TABLE IF NOT EXISTS lexicon USING fts5 (
    text, header, content='passage_words', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);

CREATE TRIGGER IF NOT EXISTS passages_added AFTER INSERT ON passages BEGIN
    INSERT INTO lexicon (rowid, text, header) VALUES (new.id, new.text, new.header || char(10) || new.columns);
END;
CREATE TRIGGER IF NOT EXISTS passages_gone AFTER DELETE ON passages BEGIN
    INSERT INTO lexicon (lexicon, rowid, text, header)
        VALUES ('delete', old.id, old.text, old.header || char(10) || old.columns);
    INSERT INTO dead_vectors (id) SELECT old.id WHERE old.vector_state > 0;
END;
CREATE TRIGGER IF NOT EXISTS passages_renamed AFTER UPDATE OF header ON passages BEGIN
    INSERT INTO lexicon (lexicon, rowid, text, header)
        VALUES ('delete', old.id, old.text, old.header || char(10) || old.columns);
    INSERT INTO lexicon (rowid, text, header) VALUES (new.id, new.text, new.header || char(10) || new.columns);
END;
"""
