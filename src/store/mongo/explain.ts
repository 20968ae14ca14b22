import type { Db } from 'mongodb';
import type { Filter, Sort } from '../port.js';

type Stage = Record<string, unknown>;

function* stagesOf(plan: unknown): Generator<Stage> {
  if (typeof plan !== 'object' || plan === null) return;
  const stage = plan as Stage;
  if (typeof stage['stage'] === 'string') yield stage;
  for (const member of Object.values(stage)) {
    if (Array.isArray(member)) for (const one of member) yield* stagesOf(one);
    else yield* stagesOf(member);
  }
}

/** An index read from end to end is a scan, unless nothing was asked of the documents. */
function isUnbounded(stage: Stage): boolean {
  const bounds = Object.values((stage['indexBounds'] ?? {}) as Record<string, unknown>);
  return bounds.every(
    (bound) =>
      JSON.stringify(bound) === '["[MinKey, MaxKey]"]' || JSON.stringify(bound) === '["[MaxKey, MinKey]"]',
  );
}

/** Does the server's winning plan read the whole collection for this query? */
export async function readsEverything(
  db: Db,
  { name, filter, sort }: { name: string; filter: Filter; sort: Sort | undefined },
): Promise<boolean> {
  const command = { find: name, filter, ...(sort && { sort }) };
  const answer = await db.command({ explain: command, verbosity: 'queryPlanner' });
  const planner = answer['queryPlanner'] as { winningPlan?: unknown } | undefined;
  const asked = Object.keys(filter).length > 0;
  return [...stagesOf(planner?.winningPlan)].some(
    (stage) => stage['stage'] === 'COLLSCAN' || (asked && stage['stage'] === 'IXSCAN' && isUnbounded(stage)),
  );
}
