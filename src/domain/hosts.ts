import { StartError } from '../errors.js';
import { isLocalName } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import type { HostName } from '../model/account.js';
import type { Ids } from '../model/ids.js';
import { isDuplicateKey, type Collection } from '../store/port.js';
import type { OwnNames } from './ctx.js';

export interface HostsDeps {
  hosts: Collection<HostName>;
  ids: Ids;
  settings: Pick<Settings, 'url' | 'handleDomain'>;
}

/**
 * The names of this server, from the hosts table, in which the host of LANDFALL_URL is the primary one. A server may
 * move to a new name: the old one stays as a former name that still leads here. A command may not.
 * @throws StartError when LANDFALL_URL names another host than the data belong to and this must be a mistake
 */
export async function ensureNames(deps: HostsDeps, mode: 'server' | 'command'): Promise<OwnNames> {
  const { hosts, settings } = deps;
  const url = new URL(settings.url);
  const primary = await hosts.findOne({ role: 'primary' });
  if (primary && primary.name !== url.host) {
    const mistaken = mode === 'command' || (isLocalName(url.hostname) && !isLocalName(nameOf(primary)));
    if (mistaken)
      throw new StartError(
        `The data belong to ${primary.name}, but LANDFALL_URL is ${settings.url}. Set LANDFALL_URL as the server has it.`,
      );
    await hosts.updateOne({ _id: primary._id }, { $set: { role: 'former' } });
  }
  if (primary?.name !== url.host) await makePrimary(deps, url.host);
  const own = new Set((await hosts.find({}).toArray()).map((host) => host.name));
  const handleDomain = settings.handleDomain || url.host;
  return {
    origin: url.origin,
    host: url.host,
    handleDomain,
    isOwn: (host) => own.has(host.toLowerCase()) || host.toLowerCase() === handleDomain,
  };
}

async function makePrimary({ hosts, ids }: HostsDeps, name: string): Promise<void> {
  const known = await hosts.updateOne({ name }, { $set: { role: 'primary' } });
  if (known.matchedCount > 0) return;
  await hosts.insertOne({ _id: ids.next(), name, role: 'primary' }).catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
  });
}

const nameOf = (host: HostName): string => new URL(`http://${host.name}`).hostname;
