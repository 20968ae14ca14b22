import type { Ctx } from '../../domain/ctx.js';

/** Every name this server answers to, with port where it is not the default. */
export type OwnHosts = () => Promise<readonly string[]>;

/** How long a list is used; names change when an operator moves the server. */
const keepMs = 60_000;

/** Reads the hosts table, now and then. */
export function createOwnHosts(ctx: Ctx): OwnHosts {
  let kept: { at: number; names: readonly string[] } | null = null;
  return async () => {
    const at = ctx.clock.now().getTime();
    if (kept && at - kept.at < keepMs) return kept.names;
    const stored = await ctx.db.hosts.find({}).toArray();
    const names = new Set([ctx.names.host, ctx.names.handleDomain, ...stored.map((host) => host.name)]);
    kept = { at, names: [...names] };
    return kept.names;
  };
}

/** The same path under each of our names: a document keeps the URL it was born with. */
export async function ownUris(ctx: Ctx, hosts: OwnHosts, path: string): Promise<string[]> {
  const scheme = ctx.names.origin.startsWith('http:') ? ['http'] : ['https', 'http'];
  return (await hosts()).flatMap((host) => scheme.map((s) => `${s}://${host}${path}`));
}
