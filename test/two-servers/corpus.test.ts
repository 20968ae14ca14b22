import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  countOutcomes,
  missesOf,
  toDifferences,
  toMisses,
  toReasons,
  toTable,
} from '../support/corpus/report.js';
import { startRun, type Row, type Run } from '../support/corpus/run.js';

/**
 * Every payload of the collection through a running instance: activities are POSTed, signed, to its inbox; objects and
 * actors are fetched from their own ids; the rest goes through the readers that are for it. `LANDFALL_CORPUS_REPORT=FILE`
 * writes what became of them as Markdown (docs/corpus.md holds it for the full collection).
 */

/** As many as there are: fewer is a regression, more is a reason to raise the number. */
const atLeast: Record<'full' | 'bundled', Record<string, number>> = {
  full: {
    'status: public': 233,
    'status: unlisted': 15,
    'status: private': 6,
    'status: direct': 159,
    'poll: public': 7,
    'poll: direct': 7,
    account: 103,
    'profile update': 7,
    edit: 12,
    reblog: 25,
    favourite: 32,
    follow: 23,
    'answer to a follow': 29,
    block: 6,
    report: 9,
    vote: 6,
    'quote request': 3,
    move: 5,
    pin: 2,
    undo: 21,
    deletion: 16,
    'account deletion': 7,
    collection: 111,
    'collection page': 20,
    handle: 23,
    nodeinfo: 4,
  },
  bundled: {
    'status: public': 80,
    'status: unlisted': 1,
    'status: direct': 25,
    'poll: public': 1,
    'poll: direct': 1,
    account: 16,
    'profile update': 3,
    edit: 2,
    reblog: 9,
    favourite: 5,
    follow: 3,
    'answer to a follow': 5,
    block: 2,
    report: 3,
    move: 2,
    undo: 4,
    deletion: 2,
    'account deletion': 2,
    collection: 9,
    'collection page': 2,
    handle: 9,
  },
};
/** Refused, ignored or waiting although the hint says otherwise; docs/corpus.md tells why each is right or wrong. */
const mostMisses = { full: 66, bundled: 0 };
/** Of the details that hints count (pictures, alt texts, hashtags, options of polls …), those stored differently. */
const mostDifferences = { full: 38, bundled: 0 };

const batch = 50;
const rows: Row[] = [];
const violations: string[] = [];
let run: Run;

beforeAll(async () => {
  run = await startRun();
  const { length } = run.collection.entries;
  for (let from = 0; from < length; from += batch) {
    rows.push(...(await run.take(from, Math.min(length, from + batch))));
    violations.push(...(await run.violations()));
  }
  process.stdout.write(`\n${toTable(rows)}\n`);
  const path = process.env['LANDFALL_CORPUS_REPORT'];
  if (path)
    writeFileSync(
      path,
      [toTable(rows), toReasons(rows), toMisses(rows), toDifferences(rows), ''].join('\n\n'),
    );
}, 900_000);
afterAll(async () => {
  await run?.close();
});

describe('every payload', () => {
  test('was taken, and became something, with a reason', () => {
    expect(rows).toHaveLength(run.collection.entries.length);
    const unexplained = rows.filter(
      ({ became, reason }) =>
        reason === '' || ['not recorded', 'lost', 'failed', 'something'].includes(became),
    );
    expect(unexplained).toEqual([]);
  });

  test('was answered, and never with an error of ours', () => {
    const posted = rows.filter(({ status }) => status !== null);
    expect(posted.filter(({ status }) => ![202, 400, 401, 403].includes(status ?? 0))).toEqual([]);
    expect(posted.length).toBeGreaterThan(150);
  });

  test('left nothing behind that its sender may not say', () => {
    expect([...new Set(violations)]).toEqual([]);
  });

  test('without an actor was refused as it was, and taken once it had one', () => {
    const lacking = rows.filter(({ adapted, kind }) => kind === 'activity' && adapted.includes('actor'));
    // The run itself fails where the first is not so.
    expect(lacking.length).toBeGreaterThan(run.collection.name === 'full' ? 60 : 0);
    expect(lacking.map(({ reason }) => reason)).not.toContain('400: no-actor');
  });
});

describe('what became of them', () => {
  test('is no less than it was', () => {
    const counts = countOutcomes(rows);
    const floors = Object.entries(atLeast[run.collection.name]);
    const fallen = floors.filter(([became, least]) => (counts.get(became) ?? 0) < least);
    expect(fallen.map(([became, least]) => `${became}: ${counts.get(became) ?? 0}, was ${least}`)).toEqual(
      [],
    );
  });

  test('waits for a later try only where something could not be fetched', () => {
    const waiting = rows.filter(({ became }) => became === 'waiting');
    expect(waiting.filter(({ reason }) => !/not to be had|could not be fetched/.test(reason))).toEqual([]);
  });

  test('is what its hint says, but for the known misses', () => {
    expect(missesOf(rows).length).toBeLessThanOrEqual(mostMisses[run.collection.name]);
    const different = rows.flatMap(({ features }) => features.different);
    expect(different.length).toBeLessThanOrEqual(mostDifferences[run.collection.name]);
  });
});

describe('the inputs of the fediverse pasture', () => {
  interface Shown {
    content: string;
    visibility: string;
  }

  test('are all displayed', async () => {
    const inputs = rows.filter(({ file }) => file.startsWith('funfedi-pasture/'));
    expect(inputs.length).toBeGreaterThanOrEqual(66);
    for (const { file, objectUri } of inputs) {
      const status = await run.instance.ctx.db.statuses.findOne({ uri: objectUri ?? '' });
      const shown = await run.client.get<Shown>(`/api/v1/statuses/${status?._id}`);
      expect({ file, ...shown }).toMatchObject({
        file,
        visibility: 'public',
        content: expect.stringMatching(/\S/),
      });
      const listed = await run.client.get<{ id: string }[]>(`/api/v1/accounts/${status?.accountId}/statuses`);
      expect({ file, listed: listed.map(({ id }) => id) }).toEqual({
        file,
        listed: expect.arrayContaining([status?._id]),
      });
      if (status?.inReplyToUri !== null) continue;
      const line = { accountId: run.alice.account._id, statusId: status._id };
      expect({ file, inHome: (await run.instance.ctx.db.homeEntries.findOne(line)) !== null }).toEqual({
        file,
        inHome: true,
      });
    }
  });
});
