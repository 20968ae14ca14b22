import { invalid, notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { IpBlock, IpSeverity } from '../model/moderation.js';
import type { Page } from '../model/page.js';
import { networksAround, parseNetwork } from '../policy/networks.js';
import { isDuplicateKey } from '../store/port.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { readPage } from './edges.js';

export interface IpBlockInput {
  /** An address or CIDR network. */
  ip: string;
  severity: IpSeverity;
  comment: string;
  /** Seconds from now; null: for ever. */
  expiresIn: number | null;
}

export function listIpBlocks(ctx: Ctx, page: Page): Promise<IpBlock[]> {
  return readPage(ctx.db.ipBlocks, {}, page);
}

/** @throws AppError 404 */
export async function getIpBlock(ctx: Ctx, id: string): Promise<IpBlock> {
  const found = isId(id) ? await ctx.db.ipBlocks.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** @throws AppError 422 when it is no network, or blocked already */
export async function addIpBlock(ctx: Ctx, by: string, input: IpBlockInput): Promise<IpBlock> {
  const { expiresIn, ...rest } = input;
  const block: IpBlock = {
    _id: ctx.ids.next(),
    ...rest,
    ...networkOf(input.ip),
    expiresAt: expiryOf(ctx, expiresIn),
    createdAt: now(ctx),
  };
  await refuseTaken(ctx, block);
  const act = {
    actor: by,
    action: 'ip_block.create',
    target: block.ip,
    details: { severity: block.severity },
  };
  await asStaff(ctx, act, () => ctx.db.ipBlocks.insertOne(block).catch(asTaken));
  return block;
}

/** What is left out stays. @throws AppError 404, 422 */
export async function changeIpBlock(
  ctx: Ctx,
  by: string,
  { id, input }: { id: string; input: Partial<IpBlockInput> },
): Promise<IpBlock> {
  const block = await getIpBlock(ctx, id);
  const { ip, expiresIn, ...rest } = input;
  const changed: IpBlock = {
    ...block,
    ...rest,
    ...(ip !== undefined && networkOf(ip)),
    ...(expiresIn !== undefined && { expiresAt: expiryOf(ctx, expiresIn) }),
  };
  await refuseTaken(ctx, changed);
  const { _id, ...fields } = changed;
  const act = {
    actor: by,
    action: 'ip_block.update',
    target: changed.ip,
    details: { severity: changed.severity },
  };
  await asStaff(ctx, act, () => ctx.db.ipBlocks.updateOne({ _id }, { $set: fields }).catch(asTaken));
  return changed;
}

/** @throws AppError 404 */
export async function removeIpBlock(ctx: Ctx, by: string, id: string): Promise<void> {
  const block = await getIpBlock(ctx, id);
  const act = { actor: by, action: 'ip_block.delete', target: block.ip };
  await asStaff(ctx, act, () => ctx.db.ipBlocks.deleteOne({ _id: block._id }));
}

const strictest: readonly IpSeverity[] = ['no_access', 'sign_up_block', 'sign_up_requires_approval'];

/** The strictest block in force of a network that the address lies in; null where there is none. One index search. */
export async function findIpBlock(ctx: Ctx, address: string | null): Promise<IpBlock | null> {
  const networks = address === null ? [] : networksAround(address);
  if (!networks.length) return null;
  const found = await ctx.db.ipBlocks.find({ network: { $in: networks } }).toArray();
  const at = now(ctx);
  const inForce = found.filter((b) => b.expiresAt === null || b.expiresAt > at);
  return inForce.sort((a, b) => strictest.indexOf(a.severity) - strictest.indexOf(b.severity))[0] ?? null;
}

function networkOf(text: string): Pick<IpBlock, 'ip' | 'network'> {
  const network = parseNetwork(text);
  if (!network) throw invalid('Ip is invalid');
  return { ip: network.text, network: network.key };
}

function expiryOf(ctx: Ctx, seconds: number | null): string | null {
  return seconds === null ? null : new Date(ctx.clock.now().getTime() + seconds * 1000).toISOString();
}

/** A block that has run out makes room for another of the same network. */
async function refuseTaken(ctx: Ctx, { _id, network }: IpBlock): Promise<void> {
  const other = await ctx.db.ipBlocks.findOne({ network });
  if (!other || other._id === _id) return;
  if (other.expiresAt === null || other.expiresAt > now(ctx)) throw invalid('Ip has already been taken');
  await ctx.db.ipBlocks.deleteOne({ _id: other._id });
}

function asTaken(error: unknown): never {
  if (isDuplicateKey(error)) throw invalid('Ip has already been taken');
  throw error;
}
