import type { Connection } from './connection.js';
import { inspect } from './schema.js';
import type { Table } from './tables.js';
import { readWritten, type Written } from './writers.js';

/** Notices what others wrote, so that nothing is read or written in ignorance of it. */
export interface Watch {
  /** Before reading. @throws Error when the database is not what the declarations say, or was changed so */
  demandRecent(): void;
  /** What was written meanwhile is to be read now, in the same turn of the event loop. */
  release(): void;
  /** Before a transaction, in it. */
  demandCurrent(): void;
  /** Whether nothing that was read here can be later than this. */
  isLatest(written: Written): boolean;
  /** Nothing that is known of the indexes is sure: a transaction was undone. */
  doubt(): void;
}

interface WatchDeps {
  db: Connection;
  tables: readonly Table[];
  /** Whose commits change the file's version and are no news: those of this process's writer in another thread. */
  own: string | null;
  /** Somebody else has written something; its indexes may have new irregular columns, or be another set. */
  onForeign: () => void;
}

type State = 'current' | 'unmigrated' | 'foreign';

function check(state: State): void {
  if (state === 'unmigrated')
    throw new Error('the database lacks collections or indexes: call migrate() first');
  if (state === 'foreign') {
    throw new Error('the database was changed by another version of Landfall: restart this one');
  }
}

export function createWatch({ db, tables, own, onForeign }: WatchDeps): Watch {
  let version = -1;
  let seen: Written = { others: '', own: 0 };
  let state: State = 'unmigrated';
  let looked = false;
  const release = (): void => {
    if (looked && own !== null) db.run('COMMIT');
    looked = false;
  };
  /** Where another thread writes, all that is read in one turn is of one moment: half the cost of a short read is locks. */
  const beginReading = (): void => {
    if (own !== null) db.run('BEGIN');
    looked = true;
    setImmediate(release);
    try {
      refresh();
    } catch (error) {
      release();
      throw error;
    }
  };
  const refresh = (): void => {
    const now = db.dataVersion();
    if (now === version && state === 'current') return;
    const isNews = state !== 'current' || !isOwn();
    version = now;
    if (!isNews) return;
    onForeign();
    const { missing, foreign } = inspect(db, tables);
    state = missing.length > 0 ? 'unmigrated' : foreign.length > 0 ? 'foreign' : 'current';
    if (state === 'current' && own !== null) seen = readWritten(db, own);
  };
  /** Whether nobody but this process's writer has written since the last time. */
  const isOwn = (): boolean => {
    if (own === null) return false;
    const before = seen;
    seen = readWritten(db, own);
    return seen.others === before.others;
  };
  return {
    demandCurrent: () => {
      refresh();
      check(state);
    },
    // Another look in the same turn of the event loop would only repeat it.
    demandRecent: () => {
      if (!looked) beginReading();
      check(state);
    },
    release,
    isLatest: (written) => written.others === seen.others && written.own >= seen.own,
    doubt: () => {
      // To be looked at again, in this turn too.
      release();
      state = 'unmigrated';
    },
  };
}
