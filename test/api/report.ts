import { endpoints, isAbsent, nameOf, type Endpoint } from './contract.js';
import { heldElsewhere, notCalled, notProvoked } from './reasons.js';

/** What holds of each endpoint of the contract: passes (walk, admin-walk and errors tests see to it), or why not. */

export function happyOf(e: Endpoint): string {
  if (e.removed) return 'removed from Mastodon: 404';
  if (isAbsent(e)) return 'not there yet: 404';
  return notCalled[nameOf(e)] ?? 'pass';
}

function errorOf(e: Endpoint, code: number): string {
  const key = `${code} ${nameOf(e)}`;
  const reason = notCalled[nameOf(e)] ? 'not called' : notProvoked[key];
  if (reason !== undefined) return `${code} (${reason})`;
  return heldElsewhere[key] ? `${code} pass (${heldElsewhere[key]})` : `${code} pass`;
}

export function tiers(): { tier: string; passing: number; total: number }[] {
  return [...new Set(endpoints.map((e) => e.tier))].map((tier) => {
    const of = endpoints.filter((e) => e.tier === tier);
    return { tier, passing: of.filter((e) => happyOf(e) === 'pass').length, total: of.length };
  });
}

/** The report as Markdown. */
export function report(): string {
  const sums = tiers().map(({ tier, passing, total }) => `| ${tier} | ${passing} | ${total} |`);
  const rows = endpoints.map((e) => {
    const errors = isAbsent(e)
      ? []
      : (e.responses ?? []).filter((code) => code !== 200).map((c) => errorOf(e, c));
    return `| \`${nameOf(e)}\` | ${e.tier} | ${happyOf(e)} | ${errors.join('; ')} |`;
  });
  return [
    '# The client API, endpoint by endpoint',
    '',
    'Written by `UPDATE_REPORT=1 npm test -- test/api/report.test.ts` from the contract and the reasons in',
    '`test/api/reasons.ts`. `pass`: a happy call with seeded data is held to its schema (`walk.test.ts`, `admin-walk.test.ts`),',
    'and a documented error is provoked (`errors.test.ts`); those tests fail where one is missing.',
    '',
    '| tier | passing | total |',
    '|---|---|---|',
    ...sums,
    '',
    '| endpoint | tier | happy call | documented errors |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
