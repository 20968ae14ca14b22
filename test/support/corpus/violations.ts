import type { Instance } from '../instance.js';
import type { Hosts } from './hosts.js';
import { hostIn } from './rewrite.js';

/** Every status lives on its author's host, every remote account on one of ours for the test; nothing of ours moved. */
export async function findViolations({ ctx, url }: Instance, hosts: Hosts): Promise<string[]> {
  const accounts = new Map((await ctx.db.accounts.find({}).toArray()).map((a) => [a._id, a]));
  const known = new RegExp(`^(?:.+\\.)?[ef]\\d+\\.localhost:${hosts.port}$`);
  const found: string[] = [];
  for (const account of accounts.values()) {
    const host = hostIn(account.uri) ?? '';
    if (account.domain === null && !account.uri.startsWith(url)) found.push(`local account ${account.uri}`);
    if (account.domain !== null && !known.test(host)) found.push(`account of nowhere: ${account.uri}`);
    if (account.domain !== null && account.domain !== host)
      found.push(`handle of elsewhere: ${account.acctKey}`);
  }
  for (const status of await ctx.db.statuses.find({}).toArray()) {
    const author = accounts.get(status.accountId);
    const host = hostIn(status.uri);
    if (!author || host !== hostIn(author.uri)) found.push(`${status.uri} by ${author?.uri ?? 'nobody'}`);
    if (status.local !== (author?.domain === null)) found.push(`${status.uri} pretends to be ours`);
  }
  return found;
}
