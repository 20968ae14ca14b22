import { expect, test } from '@jest/globals';
import { hostReport, queueReport, queueTotals } from '../../src/jobs/report.js';
import { findScans } from '../support/expect-indexed.js';
import { startInstance } from '../support/instance.js';
import { recordQueries } from '../support/record-queries.js';

test('what waits is told without reading a queue whole', async () => {
  const { ctx, close } = await startInstance();
  const asked = recordQueries(ctx);
  await queueTotals(ctx);
  await queueReport(ctx);
  await hostReport(ctx, 'example.org');
  expect(asked.map((a) => a.collection)).toEqual(expect.arrayContaining(['jobs', 'deliveries', 'received']));
  expect(await findScans(ctx.store, asked)).toEqual([]);
  await close();
});
