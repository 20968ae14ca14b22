import Database from 'libsql';

/**
 * Makes many statuses out of few, inside SQLite: writing a million documents one by one takes minutes. Every copy is one
 * that the server could have written itself: an id and an IRI of its own, and all its index rows.
 */

interface Multiplied {
  file: string;
  /** Copies of each status that is there. */
  copies: number;
  say(done: number): void;
}

/** Copies per transaction. */
const batch = 100;

/** @returns how many statuses there are then */
export function multiplyStatuses({ file, copies, say }: Multiplied): number {
  const db = new Database(file);
  // Nothing is lost with a crash: a seed that did not end is made anew.
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA wal_autocheckpoint = 20000');
  db.exec('PRAGMA temp_store = MEMORY');
  const count = prepare(db);
  const indexes = indexTables(db);
  for (let from = 1; from <= copies; from += batch) {
    const until = Math.min(from + batch - 1, copies);
    db.exec('BEGIN');
    db.exec('DELETE FROM temp.turns');
    for (let turn = from; turn <= until; turn++) db.exec(`INSERT INTO temp.turns VALUES (${turn})`);
    db.exec(
      `INSERT INTO c_statuses SELECT ${newId}, replace(replace(b.doc, '"' || b.id || '"', '"' || ${newId} || '"'), ` +
        `b.uri || '"', ${newUri} || '"') FROM temp.base AS b, temp.turns AS t ORDER BY 1`,
    );
    for (const { insert } of indexes) db.exec(insert);
    db.exec('COMMIT');
    say(count * (until + 1));
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return count * (copies + 1);
}

/** Copies lie between one status and the next in time; the ids of a base are far apart. */
const newId = 'CAST(CAST(b.id AS INTEGER) + t.turn * b.step AS TEXT)';
const newUri = "b.uri || '-' || t.turn";

function prepare(db: Database.Database): number {
  db.exec(
    "CREATE TEMP TABLE base AS SELECT id, doc, json_extract(doc, '$.uri') AS uri, 0 AS step FROM c_statuses",
  );
  db.exec('CREATE UNIQUE INDEX temp.base_id ON base (id)');
  db.exec('CREATE TEMP TABLE turns (turn INTEGER PRIMARY KEY)');
  const [count, first, last] = db
    .prepare('SELECT count(*), min(CAST(id AS INTEGER)), max(CAST(id AS INTEGER)) FROM base')
    .raw()
    .get([]) as [number, number, number];
  const step = Math.floor((last - first) / count / 100_000);
  db.exec(`UPDATE base SET step = ${step}`);
  return count;
}

/** For each index of the statuses, the statement that writes the rows of the copies. */
function indexTables(db: Database.Database): { insert: string }[] {
  const names = db
    .prepare("SELECT name FROM landfall_indexes WHERE collection = 'statuses' AND name LIKE '\"ix_%'")
    .raw()
    .all([]) as [string][];
  return names.map(([name], i) => {
    const columns = (db.prepare(`PRAGMA table_info(${name})`).raw().all([]) as [number, string][])
      .map(([, column]) => column)
      .filter((column) => column !== 'id');
    db.exec(`CREATE TEMP TABLE rows${i} AS SELECT * FROM ${name}`);
    // The status is its own conversation, and its URL is its IRI.
    const keys = columns.map(
      (c) => `CASE r.${c} WHEN b.id THEN ${newId} WHEN b.uri THEN ${newUri} ELSE r.${c} END`,
    );
    const order = [...columns, 'id'].map((_, at) => at + 1).join(', ');
    return {
      insert:
        `INSERT INTO ${name} (${[...columns, 'id'].join(', ')}) SELECT ${[...keys, newId].join(', ')} ` +
        `FROM temp.rows${i} AS r JOIN temp.base AS b ON b.id = r.id, temp.turns AS t ORDER BY ${order}`,
    };
  });
}
