import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createHttpClient, type HttpRequest } from '../federation/fetch/client.js';
import { createDocumentLoader } from '../federation/fetch/document.js';
import { createMailExchangers, type MailExchangers, type Resolve } from '../federation/fetch/resolver.js';
import type { Clock } from '../federation/ports.js';
import { signCavageAside } from '../federation/signature/cavage.js';
import { loadSecrets } from './config/secrets.js';
import type { Settings } from './config/settings.js';
import { software } from './config/software.js';
import type { Ctx, OwnNames } from './domain/ctx.js';
import { ensureNames } from './domain/hosts.js';
import { getInstance } from './domain/instance.js';
import { createKeyStore } from './domain/keys.js';
import { createPasswords } from './domain/passwords.js';
import { createNewcomers } from './domain/remote/newcomers.js';
import { createRuleBook } from './domain/rule-book.js';
import { createSeals } from './domain/seals.js';
import { createGate } from './gate.js';
import { createJobs, type JobsService } from './jobs/service.js';
import { slowFactor } from './jobs/under-way.js';
import { createRandomTokens } from './random-tokens.js';
import { createLogger, type Logger } from './log.js';
import { openMail } from './mail/open.js';
import { findAvPrograms } from './media/av.js';
import { openDiskFiles } from './media/disk.js';
import { createPicturePool } from './media/picture-pool.js';
import { inlinePictures } from './media/pictures.js';
import { createMediaTools, type MediaTools } from './media/tools.js';
import { createIds } from './model/ids.js';
import { isSuspended } from './policy/domains.js';
import { collections, toDb } from './store/collections.js';
import { openStore } from './store/open.js';
import type { Store } from './store/port.js';
import { createHub } from './streaming/hub.js';

export interface ContextOptions {
  /** A server may rename itself and works ahead; a command does its one thing and ends. Default: server. */
  mode?: 'server' | 'command';
  clock?: Clock;
  random?: () => number;
  log?: Logger;
  /** An open store; default: the one that the settings name. */
  store?: Store;
  /** Names of other servers to addresses; default: the system's DNS. */
  resolve?: Resolve;
  /** Mail domains to their servers; default: the system's DNS. */
  mailExchangers?: MailExchangers;
  /** Further authorities (PEM) whose certificates other servers may show. */
  ca?: string;
  /** Arguments for node where it is started for a child process; default: those of this process. */
  execArgv?: readonly string[];
  /** Whether a worker looks once a minute for what has expired. Default: yes. */
  sweeps?: boolean;
}

/** Everything the rooms need, wired; with what only the entry points may use. */
export interface Context extends Ctx {
  readonly store: Store;
  readonly jobs: JobsService;
  /** `graceMs`: how long work in flight may go on. Default: as the settings say. */
  close(graceMs?: number): Promise<void>;
}

const systemClock: Clock = { now: () => new Date() };

/**
 * Opens what an instance consists of: secrets, store, files, and the ports over them. Starts nothing.
 * @throws StartError with what to do, when something about the settings, secrets or data makes a start impossible
 */
export async function createContext(settings: Settings, options: ContextOptions = {}): Promise<Context> {
  const { mode = 'server', clock = systemClock, random = Math.random, sweeps = true } = options;
  const log = options.log ?? createLogger(settings.logLevel);
  mkdirSync(settings.data, { recursive: true });
  const { instanceKey } = loadSecrets(settings);
  const store = options.store ?? (await openDatabase(settings, { ...options, mode, log }));
  try {
    await store.migrate();
    return await assemble({ ...options, settings, mode, clock, random, log, sweeps, instanceKey, store });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A command's few writes are not worth a thread. */
function openDatabase(
  { databaseUrl: url, data: dataDir }: Settings,
  { mode, log, execArgv }: Pick<ContextOptions, 'execArgv'> & Required<Pick<ContextOptions, 'mode' | 'log'>>,
): Promise<Store> {
  const common = { url, dataDir, specs: collections, log };
  if (mode === 'command') return openStore(common);
  return openStore({ ...common, thread: { ...(execArgv && { execArgv }) } });
}

type Outward = Pick<ContextOptions, 'resolve' | 'ca'>;
type Optional = keyof Outward | 'execArgv' | 'mailExchangers';
type Parts = Required<Omit<ContextOptions, Optional>> &
  Pick<ContextOptions, Optional> & { settings: Settings; instanceKey: Uint8Array };

function openDb(store: Store, { limitedFederation }: Settings): Pick<Ctx, 'db' | 'rules'> {
  const stored = toDb(store);
  const { rules, ...watched } = createRuleBook(stored, { limited: limitedFederation });
  return { db: { ...stored, ...watched }, rules };
}

async function assemble(parts: Parts): Promise<Context> {
  const { settings, mode, clock, random, log, sweeps, instanceKey, store } = parts;
  const { db, rules } = openDb(store, settings);
  const ids = createIds(clock);
  const alone = store.engine === 'embedded';
  const randomToken = createRandomTokens();
  const names = await ensureNames({ hosts: db.hosts, ids, settings }, mode);
  const ahead = mode === 'server' && !settings.testMode;
  const keys = createKeyStore({ db, instanceKey, ids, clock, ahead });
  const hub = createHub({ log, clock, ids, signals: db.signals, ...relayOf(mode, alone) });
  const jobs = createJobs({ db, clock, ids, claim: randomToken(9), alone, sweeps });
  const outbound = { ...outboundOptions(settings, names), ...outwardOf(parts) };
  const isBlockedHost = async (host: string): Promise<boolean> => isSuspended(await rules.all(), host);
  const http = createHttpClient({ ...outbound, isBlockedHost, clock, log });
  // On a thread, one at a time, as those of deliveries (jobs/delivery/deliver.ts).
  const signing = createGate({ width: 1, queue: Infinity });
  const sign: HttpRequest['sign'] = async ({ method, url }) => {
    const key = await keys.signingKey((await getInstance(ctx)).actorId, 'rsa');
    return key ? signing.run(() => signCavageAside({ method, url, key, now: clock.now() })) : {};
  };
  const media = await openMedia(parts);
  const ctx: Context = {
    settings,
    clock,
    ids,
    randomToken,
    random,
    log,
    names,
    db,
    rules,
    statusText: store.textIndex('statuses'),
    files: media.files,
    media,
    http,
    documents: createDocumentLoader({
      http,
      sign,
      isRefused: isBlockedHost,
      ...documentLimits(settings),
    }),
    newcomers: createNewcomers(clock, settings),
    keys,
    passwords: createPasswords(),
    seals: createSeals(instanceKey),
    mail: openMail(settings, names.handleDomain),
    mailExchangers: parts.mailExchangers ?? createMailExchangers(),
    jobs,
    hub,
    store,
    close: async (graceMs = settings.drainSeconds * 1000) => {
      keys.stop();
      await jobs.stop(graceMs);
      await hub.stop();
      await media.pictures.close();
      await http.close();
      await store.close();
    },
  };
  return ctx;
}

const outwardOf = ({ resolve, ca }: Outward): Outward => ({
  ...(resolve && { resolve }),
  ...(ca !== undefined && { ca }),
});

async function openMedia({ settings, mode, execArgv, log }: Parts): Promise<MediaTools> {
  const { imageBytes, videoBytes, imagePixels, maxMediaPerStatus: attachments } = settings;
  const limits = { imageBytes, videoBytes, imagePixels, attachments, seconds: settings.mediaSeconds };
  const files = await openDiskFiles(join(settings.data, 'media'));
  // Commands take no uploads, and looking for ffmpeg means starting it.
  const av = mode === 'server' ? await findAvPrograms() : null;
  const pool = { maxBytes: settings.imageProcessBytes, log, ...(execArgv && { execArgv }) };
  const pictures = settings.imageProcess ? createPicturePool(pool) : inlinePictures;
  return createMediaTools({ files, av, limits, pictures, width: settings.mediaConcurrency });
}

function documentLimits({ documentBytes, documentDepth, documentNodes, fetchRedirects }: Settings) {
  const json = { maxDepth: documentDepth, maxNodes: documentNodes };
  return { maxBytes: documentBytes, redirects: fetchRedirects, json };
}

function outboundOptions(settings: Settings, names: OwnNames) {
  const { deliveryConcurrency, deliveryPerHost, inboxConcurrency } = settings;
  return {
    allowLoopback: settings.federateLoopback,
    userAgent: `${software.title}/${software.version} (+${names.origin}/)`,
    isRefusedHost: names.isOwn,
    // Room for every delivery and every activity that may be under way, slow ones too, and for the fetches beside them.
    limits: {
      timeoutMs: settings.fetchSeconds * 1000,
      maxOrigins: 256 + slowFactor * (deliveryConcurrency + inboxConcurrency),
      socketsPerOrigin: deliveryPerHost + 2,
      requestsPerOrigin: Math.max(64, 2 * deliveryPerHost),
    },
  };
}

/** Streams: the one server process of an embedded store hears from commands only; others hear from each other. */
function relayOf(mode: 'server' | 'command', alone: boolean): { sends: boolean; pollMs: number | null } {
  if (mode === 'command') return { sends: true, pollMs: null };
  return alone ? { sends: false, pollMs: 1000 } : { sends: true, pollMs: 200 };
}
