import { startPeer, type Actor, type Peer } from './peer.js';
import { CouldNotAsk, Failed, groupOf, NotApplicable, type Need, type Result, type Row } from './row.js';
import { createStage, sleep, type Stage, type StageParts } from './stage.js';
import type { Target } from './target.js';

/** The longest a row may take, ms; slow ones wait for time-outs of the target. */
const rowMs = 60_000;
const slowRowMs = 120_000;

interface Finding extends Result {
  stage: Stage;
}

/** Runs the rows against a target, one after the other, slow ones beside each other at the end. */
export async function runRows(
  rows: readonly Row[],
  target: Target,
  told: (text: string) => void,
): Promise<Result[]> {
  const [peer, evil] = [await startPeer(), await startPeer()];
  let serial = 0;
  const parts: StageParts = {
    target,
    peer,
    evil,
    alice: peer.actor('alice'),
    trent: peer.actor('trent', { own: true }),
    next: () => (serial += 1),
  };
  try {
    const lacks = await whatLacks(parts);
    const findings: Finding[] = [];
    for (const row of rows.filter((r) => !r.slow)) findings.push(await runRow(row, parts, lacks));
    told('Rows that wait for time-outs …');
    findings.push(...(await Promise.all(rows.filter((r) => r.slow).map((r) => runRow(r, parts, lacks)))));
    await settle(parts, lacks);
    return findings.map((f) => withLateNews(f, [peer, evil])).sort((a, b) => a.id - b.id);
  } finally {
    await Promise.all([peer.close(), evil.close()]);
  }
}

type Lacks = ReadonlyMap<Need, CouldNotAsk | NotApplicable>;

/** What rows may need and the target does not offer, with the reason. */
async function whatLacks(parts: StageParts): Promise<Lacks> {
  const { target, alice } = parts;
  const lacks = new Map<Need, CouldNotAsk | NotApplicable>();
  if (!target.hasApi) lacks.set('api', new NotApplicable("it has not Mastodon's client API"));
  if (!target.hasApi) lacks.set('token', new NotApplicable("it has not Mastodon's client API"));
  else if (target.token === null) lacks.set('token', new CouldNotAsk('no --token was given'));
  if (target.actor === null) {
    const nobody = new CouldNotAsk('nobody there is known: give --account, --actor or --token');
    lacks.set('actor', nobody);
    lacks.set('takes', nobody);
    return lacks;
  }
  // The control: what is right must be taken, or a refusal of what is wrong would prove nothing.
  const status = await createStage(parts)
    .send(alice)
    .then(
      (a) => a.status,
      (error: unknown) => String(error),
    );
  if (typeof status !== 'number' || status >= 300)
    lacks.set('takes', new CouldNotAsk(`a valid activity of a peer on loopback is not taken (${status})`));
  return lacks;
}

async function runRow(row: Row, parts: StageParts, lacks: Lacks): Promise<Finding> {
  const stage = createStage(parts);
  const { id, name } = row;
  const result = (outcome: Result['outcome'], reason = ''): Finding => ({
    id,
    name,
    group: groupOf(id),
    outcome,
    reason,
    stage,
  });
  const limit = row.slow ? slowRowMs : rowMs;
  const controller = new AbortController();
  try {
    const lacking = row.needs.flatMap((need) => lacks.get(need) ?? [])[0];
    if (lacking) throw lacking;
    await Promise.race([
      row.run(stage),
      sleep(limit, controller.signal).then(() => {
        throw new CouldNotAsk(`not done within ${limit / 1000} s`);
      }),
    ]);
    return result('passed');
  } catch (error) {
    if (error instanceof Failed) return result('failed', error.message);
    if (error instanceof NotApplicable) return result('not applicable', error.message);
    return result('could not be asked', error instanceof Error ? error.message : String(error));
  } finally {
    controller.abort();
  }
}

/** Gives the target time to carry out what it took: a last guest asks to follow, and what came before is done by then. */
async function settle(parts: StageParts, lacks: Lacks): Promise<void> {
  if (lacks.has('takes')) return;
  const stage = createStage(parts);
  const last: Actor = stage.guest();
  await stage.send(last).catch(() => undefined);
  await stage.eventually(() => parts.peer.wasAccepted(last.uri), 10_000);
  await sleep(1000);
}

/** Refused, and carried out all the same, is not refused. */
function withLateNews({ stage, ...result }: Finding, peers: readonly Peer[]): Result {
  const let_in = stage.never.find((uri) => peers.some((peer) => peer.wasAccepted(uri)));
  if (let_in === undefined || result.outcome === 'failed') return result;
  return { ...result, outcome: 'failed', reason: 'refused, and carried out all the same' };
}
