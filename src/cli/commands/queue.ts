import type { Command } from 'commander';
import type { Context } from '../../context.js';
import {
  hostReport,
  queueReport,
  type HostReport,
  type HostState,
  type QueueReport,
} from '../../jobs/report.js';
import { postReport, type PostReport } from '../../jobs/post-report.js';
import { hostOf } from '../../domain/urls.js';
import { command, jsonOption, showOn, UsageError, type CommonOptions, type Result } from '../command.js';
import { toList, toTable, type Io } from '../io.js';

interface QueueOptions extends CommonOptions {
  host?: string;
  post?: string;
  limit: string;
}

export function queueCommand(io: Io): Command {
  const examples = [
    'queue',
    'queue --host slow.example',
    'queue --post https://social.example/@alice/115 --host slow.example',
    'queue --json',
  ];
  return command('queue', 'what waits to be sent or done, and why it is late', examples)
    .option('--host <host>', 'one server: state, oldest deliveries and their reasons')
    .option('--post <post>', 'one post (URL or id): where it is late, and why; with --host, at one server')
    .option('--limit <n>', 'how many servers or deliveries at most', '50')
    .option(...jsonOption)
    .action((options: QueueOptions) =>
      showOn(io, options, async (ctx): Promise<Result> => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
          throw new UsageError('--limit: 1 to 10000');
        const host = options.host?.toLowerCase();
        if (options.post !== undefined) {
          const report = await postReport(ctx, options.post, { host, limit });
          if (!report) throw new UsageError(`--post: there is no post of ours at ${options.post}`);
          return { json: report, text: postText(ctx, report, host) };
        }
        if (host === undefined) {
          const report = await queueReport(ctx, { hosts: limit });
          return { json: report, text: reportText(ctx, report) };
        }
        const report = await hostReport(ctx, host, limit);
        return { json: report, text: hostText(ctx, report) };
      }),
    );
}

function reportText(ctx: Context, { deliveries, received, jobs }: QueueReport): string {
  const age = (iso: string | null): string => ageOf(ctx, iso);
  const queues = [
    ['deliveries', deliveries],
    ['received', received],
    ['jobs', jobs],
  ] as const;
  const rows = queues.map(([name, q]) => [
    name,
    ...[q.waiting, q.due, q.leased, q.dead].map(String),
    age(q.oldestAt),
  ]);
  const parts = [toTable(['QUEUE', 'WAITING', 'DUE', 'RUNNING', 'GIVEN UP', 'OLDEST'], rows)];
  if (deliveries.hosts.length) {
    const hosts = deliveries.hosts.map((h) => [
      h.lane,
      String(h.waiting),
      String(h.dead),
      age(h.oldestAt),
      stateText(ctx, h),
      h.lastError ?? h.lastReason ?? '',
    ]);
    parts.push(toTable(['SERVER', 'WAITING', 'GIVEN UP', 'OLDEST', 'STATE', 'LAST REASON'], hosts));
  }
  if (deliveries.hostsNotShown) parts.push(`… and ${deliveries.hostsNotShown} more servers.`);
  const kinds = jobs.lanes.filter((lane) => lane.waiting || lane.dead);
  if (kinds.length) {
    const lines = kinds.map((l) => [
      l.lane,
      String(l.waiting),
      String(l.dead),
      age(l.oldestAt),
      l.lastError ?? '',
    ]);
    parts.push(toTable(['JOB', 'WAITING', 'GIVEN UP', 'OLDEST', 'LAST ERROR'], lines));
  }
  return parts.join('\n\n');
}

function hostText(ctx: Context, report: HostReport): string {
  const summary = toList([
    ['Server', report.lane],
    ['State', stateText(ctx, report)],
    ['Waiting', `${report.waiting} (${report.due} due, ${report.leased} running), ${report.dead} given up`],
    ['Last answer', report.lastSuccessAt ?? 'never'],
    ['Last reason', report.lastReason ?? report.lastError ?? '-'],
  ]);
  if (!report.items.length) return `${summary}\n\nNothing waits.`;
  const rows = report.items.map((item) => [
    item.type,
    item.state === 'ready' ? `next ${untilText(ctx, item.dueAt)}` : item.state,
    String(item.attempts),
    item.reason ?? '',
    item.activity,
  ]);
  return `${summary}\n\n${toTable(['TYPE', 'STATE', 'TRIES', 'REASON', 'ACTIVITY'], rows)}`;
}

/** The answer to "why is this post late at that server". */
function postText(ctx: Context, { post, createdAt, activities, late }: PostReport, host?: string): string {
  const where = host === undefined ? 'everywhere' : `at ${host}`;
  const head = `${post}\nWritten ${ageOf(ctx, createdAt)} ago.`;
  const [last] = activities;
  if (!last)
    return `${head}\nNothing was sent about it: nobody elsewhere was to get it, or it was just written.`;
  if (!activities.every((a) => a.fannedOut)) return `${head}\nIts deliveries are still being written.`;
  if (!late.length)
    return `${head}\nNothing waits: what was sent was accepted ${where}, or went to nobody there.`;
  const rows = late.map((item) => [
    hostOf(item.inbox) ?? item.inbox,
    item.type,
    item.state === 'ready' ? `next ${untilText(ctx, item.dueAt)}` : (stateWords[item.state] ?? item.state),
    String(item.attempts),
    item.reason ?? item.host.lastReason ?? '',
    stateText(ctx, item.host),
  ]);
  return `${head}\n\n${toTable(['SERVER', 'TYPE', 'STATE', 'TRIES', 'REASON', 'SERVER IS'], rows)}`;
}

const stateWords: Readonly<Record<string, string>> = { leased: 'being sent', dead: 'given up' };

function stateText(ctx: Context, host: HostState): string {
  if (host.breaker === 'closed') return host.failures ? `${host.failures} failures in a row` : 'answers';
  if (host.breaker === 'dead') return `dead since ${host.failingSince ?? '?'}`;
  if (host.breaker === 'half-open') return 'is being tried';
  return `does not answer since ${ageOf(ctx, host.failingSince)}; tried again ${untilText(ctx, host.nextProbeAt)}`;
}

function ageOf(ctx: Context, iso: string | null): string {
  return iso === null ? '-' : duration(ctx.clock.now().getTime() - Date.parse(iso));
}

function untilText(ctx: Context, iso: string | null): string {
  const ms = iso === null ? 0 : Date.parse(iso) - ctx.clock.now().getTime();
  return ms <= 0 ? 'now' : `in ${duration(ms)}`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
