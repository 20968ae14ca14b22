import type { Connection } from './connection.js';

/**
 * Who has written how often. SQLite tells a connection that others have committed, not who: a process that writes in a
 * thread of its own has to tell its own commits, which change nothing that it does not know, from those of other processes.
 */
/** Commands that wrote, mostly; their rows are of no use once they ended. */
const mostWriters = 20;

/** Whether the table has to be made, or cleared of those who ended long ago. */
export function areWritersDue(db: Connection): boolean {
  if (!db.get("SELECT 1 FROM sqlite_master WHERE name = 'landfall_writers'")) return true;
  return Number(db.get('SELECT count(*) FROM landfall_writers')?.[0]) > mostWriters;
}

export function resetWriters(db: Connection): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS landfall_writers (token TEXT PRIMARY KEY, commits INTEGER NOT NULL) WITHOUT ROWID',
  );
  db.exec('DELETE FROM landfall_writers');
}

/** In each transaction. `token`: a name that no other writer has. */
export function noteCommit(db: Connection, token: string): void {
  db.run(
    'INSERT INTO landfall_writers (token, commits) VALUES (?, 1) ON CONFLICT DO UPDATE SET commits = commits + 1',
    [token],
  );
}

/** Who had written how often, at some moment. */
export interface Written {
  /** Changes whenever a writer but ours commits. */
  others: string;
  /** Our own commits. */
  own: number;
}

export function readWritten(db: Connection, token: string): Written {
  const sql =
    'SELECT group_concat(CASE WHEN token <> ?1 THEN token || commits END), ' +
    'sum(CASE WHEN token = ?1 THEN commits END) FROM landfall_writers';
  const [others, own] = db.get(sql, [token]) ?? [];
  return { others: String(others ?? ''), own: Number(own ?? 0) };
}
