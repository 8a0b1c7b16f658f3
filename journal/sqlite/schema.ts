/**
 * The tables, and how older ones become the present ones.
 *
 * Owns: names, columns and the schema version. Invariants: a migration that was released is never edited, a
 * change is a new one at the end; a database is only ever migrated forwards, whole, in one transaction.
 *
 * For people with the `sqlite3` shell there are two views; the tables behind them may change:
 * - `actors`: one row an actor, as last settled.
 * - `history`: one row an entry, `WHERE address = 'order/o-1' ORDER BY seq`. `event`, `value` and `error` are
 *   JSON; what JSON lacks is tagged (`{"$date":…}`). An event that is not the actor's own begins with `$`.
 */
import { SetupError } from '../../actors/errors.js'
import type { Connection } from './database.js'

/** 'Perd' in ASCII: how `file` and others can tell whose database it is. */
const APPLICATION_ID = 0x50657264

const tables = `
  -- Single facts: where settling has come to, the commands pending then.
  CREATE TABLE fact (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

  -- The commits. One row each, kept for good; the bytes apart, so that they can go without moving it.
  CREATE TABLE segment (
    number INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    at REAL NOT NULL,
    live INTEGER NOT NULL, -- entries in it that are not pruned
    entries_hash BLOB NOT NULL,
    records_hash BLOB NOT NULL,
    hash BLOB NOT NULL
  ) STRICT;
  CREATE INDEX segment_by_last ON segment (last);
  CREATE TABLE segment_entries (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE segment_records (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

  -- All below is derived from the commits.
  CREATE TABLE actor (
    no INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    version TEXT NOT NULL,
    seq INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at REAL NOT NULL,
    value TEXT, -- JSON
    states TEXT NOT NULL, -- every path the value is in, a line feed before and after each
    tags TEXT NOT NULL,
    timer_due_at REAL,
    retry_due_at REAL,
    owes INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;
  CREATE INDEX actor_by_timer ON actor (timer_due_at, address) WHERE timer_due_at IS NOT NULL;
  CREATE INDEX actor_by_retry ON actor (retry_due_at, address) WHERE retry_due_at IS NOT NULL;
  CREATE INDEX actor_owing ON actor (address) WHERE owes = 1;

  CREATE TABLE snapshot (
    actor INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX snapshot_by_actor ON snapshot (actor, seq);

  -- Some consecutive entries of one actor, from seq to last: a JSON array of
  -- [seq, position, at, kind, outcome, event, value, error].
  CREATE TABLE page (
    actor INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    last INTEGER NOT NULL,
    entries TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX page_by_actor ON page (actor, seq);

  CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    address TEXT NOT NULL,
    at REAL NOT NULL,
    command TEXT NOT NULL,
    error TEXT NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX dead_letter_by_position ON dead_letter (position);

  CREATE TABLE fingerprint (
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (type, version)
  ) STRICT, WITHOUT ROWID;
`

/** Milliseconds as ISO 8601; SQLite's own fractions round through a Julian day and come out one off. */
const iso = (ms: string) =>
  `strftime('%Y-%m-%dT%H:%M:%S', ${ms} / 1000, 'unixepoch') || printf('.%03dZ', ${ms} % 1000)`

const views = `
  CREATE VIEW actors AS
    SELECT address, status, version, seq, position,
      ${iso('at')} AS at,
      value, tags,
      ${iso('timer_due_at')} AS timer_due_at,
      ${iso('retry_due_at')} AS retry_due_at,
      owes
    FROM actor;

  CREATE VIEW history AS
    SELECT actor.address AS address,
      json_extract(entry.value, '$[0]') AS seq,
      json_extract(entry.value, '$[1]') AS position,
      ${iso("json_extract(entry.value, '$[2]')")} AS at,
      json_extract(entry.value, '$[3]') AS kind,
      json_extract(entry.value, '$[4]') AS outcome,
      entry.value -> '$[5]' AS event,
      nullif(entry.value -> '$[6]', 'null') AS value,
      nullif(entry.value -> '$[7]', 'null') AS error
    FROM actor JOIN page ON page.actor = actor.no, json_each(page.entries) AS entry;
`

/** Roots that have ended, by type and time: what retention asks for. */
const retention = `
  CREATE INDEX actor_ended ON actor (substr(address, 1, instr(address, '/')), at)
    WHERE status <> 'active' AND instr(substr(address, instr(address, '/') + 1), '/') = 0;
`

/** Dead letters are named by their commit, settled once, and forgotten with their actor. */
const letters = `
  ALTER TABLE dead_letter ADD COLUMN segment INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dead_letter ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
  UPDATE dead_letter SET ordinal = id;
  DROP INDEX dead_letter_by_position;
  CREATE UNIQUE INDEX dead_letter_by_commit ON dead_letter (segment, ordinal);
  CREATE INDEX dead_letter_by_address ON dead_letter (address);
`

const isRoot = (address: string) => `instr(substr(${address}, instr(${address}, '/') + 1), '/') = 0`
const typeOf = (address: string) => `substr(${address}, 1, instr(${address}, '/') - 1)`
const countOne = (row: 'new' | 'old', by: 1 | -1) => `
  INSERT INTO actor_count VALUES (${typeOf(`${row}.address`)}, ${row}.version, ${row}.status, ${by})
    ON CONFLICT DO UPDATE SET count = count + excluded.count;`

/** How many roots there are of each type, version and status: kept, since counting reads every actor. */
const counts = `
  CREATE TABLE actor_count (
    type TEXT NOT NULL, -- as in an address
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (type, version, status)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO actor_count
    SELECT ${typeOf('address')}, version, status, count(*) FROM actor WHERE ${isRoot('address')} GROUP BY 1, 2, 3;
  CREATE TRIGGER actor_counted AFTER INSERT ON actor WHEN ${isRoot('new.address')}
    BEGIN ${countOne('new', 1)} END;
  CREATE TRIGGER actor_recounted AFTER UPDATE OF version, status ON actor
    WHEN (new.version <> old.version OR new.status <> old.status) AND ${isRoot('new.address')}
    BEGIN ${countOne('old', -1)} ${countOne('new', 1)} END;
  CREATE TRIGGER actor_uncounted AFTER DELETE ON actor WHEN ${isRoot('old.address')}
    BEGIN ${countOne('old', -1)} END;
`

/** No table changed: what is in segments took a shorter form, which earlier releases cannot read. The longer is still read. */
const shorterRows = ''

/** No table changed either: what is in segments may say of a large state only what changed. */
const patchedStates = ''
/** Actors that rest by an operator's order: few, and asked for by themselves. */
const quarantine = `
  ALTER TABLE actor ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX actor_quarantined ON actor (address) WHERE quarantined = 1;
  DROP VIEW actors;
  CREATE VIEW actors AS
    SELECT address, status, version, seq, position,
      ${iso('at')} AS at,
      value, tags,
      ${iso('timer_due_at')} AS timer_due_at,
      ${iso('retry_due_at')} AS retry_due_at,
      owes, quarantined
    FROM actor;
`

/** Nor here: a `recover` entry may tell of several losses, and a journal's place of some, which earlier releases do not count. */
const losses = ''

/** In order; what takes a database from version n to n + 1 is at index n. */
const migrations: readonly string[] = [
  tables,
  views,
  retention,
  letters,
  counts,
  shorterRows,
  patchedStates,
  quarantine,
  losses,
]

/** The schema this code reads and writes. */
export const schemaVersion = migrations.length

/**
 * Brings the database to the present schema.
 * @throws SetupError `JournalTooNew` when a later release wrote it, `JournalTooOld` when it would have to be
 * migrated to be read, `JournalCorrupt` when it is no journal.
 */
export function migrate(db: Connection, file: string, readOnly: boolean): void {
  const found = db.pragma('user_version', { simple: true }) as number
  const owner = db.pragma('application_id', { simple: true }) as number
  const empty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0
  if (owner !== APPLICATION_ID && !(empty && owner === 0 && !readOnly))
    throw new SetupError('JournalCorrupt', `${file} is a SQLite database, but no Perdure journal`, {
      file,
      owner,
    })
  if (found > schemaVersion)
    throw new SetupError(
      'JournalTooNew',
      `${file} has schema ${found}: this release knows schemas up to ${schemaVersion}, use a later one`,
      { file, found, known: schemaVersion },
    )
  if (found === schemaVersion) return
  if (readOnly)
    throw new SetupError(
      'JournalTooOld',
      `${file} has schema ${found}, which a reader cannot bring to ${schemaVersion}: open it for writing once`,
      { file, found, known: schemaVersion },
    )
  db.transaction(() => {
    for (const migration of migrations.slice(found)) db.exec(migration)
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma(`user_version = ${schemaVersion}`)
  }).immediate()
}
