import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HubMessage } from '../../src/domain/ctx.js';
import { silentLogger } from '../../src/log.js';
import { createIds } from '../../src/model/ids.js';
import { collections, toDb, type Db } from '../../src/store/collections.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/port.js';
import { createHub } from '../../src/streaming/hub.js';
import { until } from '../support/until.js';

const clock = { now: () => new Date() };
const message = (event: string): HubMessage => ({ channels: ['public'], event, payload: { n: event } });

let store: Store;
let db: Db;
let hubs: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  store = await openStore({ url: 'embedded:memory', dataDir: '', specs: collections });
  await store.migrate();
  db = toDb(store);
});
afterEach(async () => {
  for (const hub of hubs) await hub.stop();
  hubs = [];
  await store.close();
});

/** The hub of one process; what it hears is in `heard`. */
function createProcess(options: { sends: boolean; pollMs: number | null }) {
  const hub = createHub({ log: silentLogger, clock, ids: createIds(clock), signals: db.signals, ...options });
  hubs.push(hub);
  const heard: string[] = [];
  const listen = () => hub.subscribe((m) => void heard.push(m.event));
  return { hub, heard, listen };
}

describe('in one process', () => {
  test('every listener hears every message, in order, until it stops', () => {
    const { hub, heard, listen } = createProcess({ sends: false, pollMs: null });
    const stop = listen();
    const other: string[] = [];
    hub.subscribe((m) => void other.push(m.event));
    hub.publish(message('a'));
    hub.publish(message('b'));
    stop();
    hub.publish(message('c'));
    expect(heard).toEqual(['a', 'b']);
    expect(other).toEqual(['a', 'b', 'c']);
  });

  test('a listener that throws harms nobody', () => {
    const { hub, heard, listen } = createProcess({ sends: false, pollMs: null });
    hub.subscribe(() => {
      throw new Error('broken');
    });
    listen();
    hub.publish(message('a'));
    expect(heard).toEqual(['a']);
  });
});

describe('between processes', () => {
  test('each hears all messages once: its own at once, those of others soon', async () => {
    const [a, b] = [createProcess({ sends: true, pollMs: 10 }), createProcess({ sends: true, pollMs: 10 })];
    a.listen();
    b.listen();
    for (let i = 0; i < 5; i++) {
      a.hub.publish(message(`a${i}`));
      b.hub.publish(message(`b${i}`));
    }
    expect(a.heard).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    await until(() => a.heard.length >= 10 && b.heard.length >= 10);
    // A few more rounds of reading bring nothing twice.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(a.heard.filter((e) => e.startsWith('b'))).toEqual(['b0', 'b1', 'b2', 'b3', 'b4']);
    expect([...a.heard].sort()).toEqual([...b.heard].sort());
    expect(a.heard).toHaveLength(10);
  });

  test('what was said before a process began is not told to it', async () => {
    const first = createProcess({ sends: true, pollMs: null });
    first.hub.publish(message('old'));
    await first.hub.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const late = createProcess({ sends: true, pollMs: 10 });
    late.listen();
    const other = createProcess({ sends: true, pollMs: null });
    other.hub.publish(message('new'));
    await until(() => late.heard.length > 0);
    expect(late.heard).toEqual(['new']);
  });

  test('a command that ends at once has told its message', async () => {
    const server = createProcess({ sends: false, pollMs: 10 });
    server.listen();
    const command = createProcess({ sends: true, pollMs: null });
    command.hub.publish(message('kill'));
    await command.hub.stop();
    expect(await db.signals.countDocuments({})).toBe(1);
    await until(() => server.heard.length === 1);
  });
});
