import { expect, test } from '@jest/globals';
import { silentLogger } from '../../src/log.js';
import { connect } from '../../src/store/embedded/connection.js';
import { migrateTables } from '../../src/store/embedded/schema.js';
import { toTable } from '../../src/store/embedded/tables.js';
import { createWatch } from '../../src/store/embedded/watch.js';

test('a transaction that was undone leaves the database readable, in the same turn too', () => {
  const db = connect(':memory:');
  const tables = [toTable('c', { indexes: [] })];
  migrateTables(db, tables, { log: silentLogger, token: 'a' });
  let forgotten = 0;
  const watch = createWatch({ db, tables, own: null, onForeign: () => void (forgotten += 1) });
  watch.demandRecent();
  watch.doubt();
  expect(() => watch.demandRecent()).not.toThrow();
  expect(forgotten).toBe(2);
  db.close();
});
