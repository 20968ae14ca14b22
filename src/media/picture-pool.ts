/** Processes that decode pictures, one picture each at a time: started when there is work, ended when there is none. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unavailable } from '../errors.js';
import type { ImageRefusal } from './images.js';
import type { MediaLimits } from './limits.js';
import type { MadePicture, PictureJob, Pictures } from './pictures.js';

export interface PictureRequest {
  job: PictureJob;
  limits: MediaLimits;
}

export interface PictureAnswer {
  made: MadePicture | ImageRefusal;
}

export interface PicturePoolOptions {
  /** Resident memory of one process, bytes; a process that needs more is ended, and its picture refused. */
  maxBytes: number;
  /** Arguments for node, before the file. Default: those of this process. */
  execArgv?: readonly string[];
  log?: { warn(fields: object, message: string): void };
}

/** Milliseconds that a start may take; the time of a picture begins after it. */
const startMs = 60_000;
/** Milliseconds that an unused process is kept: a start takes a tenth of a second and more. */
const idleMs = 30_000;
/** A process is replaced after so many pictures, so that what leaks does not gather. */
const mostJobs = 200;
/** The file of the process lies beside this one, compiled or not. */
const entry = fileURLToPath(import.meta.url.replace(/picture-pool(\.[jt]s)$/, 'picture-process$1'));

interface Worker {
  child: ChildProcess;
  /** False when it did not come up. */
  ready: Promise<boolean>;
  jobs: number;
  idle: NodeJS.Timeout | null;
}

/** As many processes as pictures are made at once: the caller's gate bounds them. */
export function createPicturePool(options: PicturePoolOptions): Pictures {
  const { maxBytes, execArgv, log } = options;
  const idle: Worker[] = [];
  const all = new Set<Worker>();

  function start(): Worker {
    const child = fork(entry, [String(maxBytes)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Nothing of ours: the environment holds secrets.
      env: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '2' },
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    const worker: Worker = { child, ready: comesUp(child), jobs: 0, idle: null };
    all.add(worker);
    const gone = (): void => {
      all.delete(worker);
      const at = idle.indexOf(worker);
      if (at !== -1) idle.splice(at, 1);
    };
    child.once('exit', gone).once('error', gone);
    // An unused process must not keep the server from ending.
    child.unref();
    child.channel?.unref();
    return worker;
  }

  function end(worker: Worker): void {
    if (worker.idle) clearTimeout(worker.idle);
    // Its end is waited for: a command, which has nothing else to do, would stop in the middle.
    worker.child.ref();
    worker.child.kill('SIGKILL');
  }

  function take(): Worker {
    const worker = idle.pop() ?? start();
    if (worker.idle) clearTimeout(worker.idle);
    worker.jobs += 1;
    return worker;
  }

  function giveBack(worker: Worker): void {
    if (worker.jobs >= mostJobs || !worker.child.connected) return end(worker);
    worker.idle = setTimeout(() => end(worker), idleMs).unref();
    idle.push(worker);
  }

  return {
    async make(job, limits) {
      const worker = take();
      const up = await worker.ready;
      const outcome = up ? await ask(worker.child, { job, limits }) : ({ how: 'not-started' } as const);
      if (outcome.how === 'answered') {
        giveBack(worker);
        return outcome.made;
      }
      end(worker);
      if (outcome.how === 'not-started') throw unavailable('Pictures cannot be processed at the moment');
      log?.warn({ how: outcome.how, task: job.task }, 'a picture broke its decoder');
      return 'broken';
    },
    async close() {
      const left = [...all].map((worker) => new Promise((resolve) => worker.child.once('exit', resolve)));
      for (const worker of all) end(worker);
      await Promise.all(left);
    },
  };
}

/** The first thing it says is that it listens. */
function comesUp(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), startMs);
    const settle = (up: boolean): void => {
      clearTimeout(timer);
      resolve(up);
    };
    child
      .once('message', () => settle(true))
      .once('exit', () => settle(false))
      .once('error', () => settle(false));
  });
}

type Outcome = { how: 'answered'; made: MadePicture | ImageRefusal } | { how: 'crashed' | 'too-slow' };

function ask(child: ChildProcess, request: PictureRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      child.off('message', onAnswer).off('exit', onExit);
      resolve(outcome);
    };
    const onAnswer = (answer: unknown): void =>
      settle({ how: 'answered', made: toBuffers((answer as PictureAnswer).made) });
    const onExit = (): void => settle({ how: 'crashed' });
    const timer = setTimeout(() => settle({ how: 'too-slow' }), request.limits.seconds * 1000);
    child.on('message', onAnswer).once('exit', onExit);
    child.send(request, (error) => {
      if (error) settle({ how: 'crashed' });
    });
  });
}

/** The channel may hand bytes over as plain arrays. */
function toBuffers(made: MadePicture | ImageRefusal): MadePicture | ImageRefusal {
  if (typeof made === 'string') return made;
  const { picture, small } = made;
  return {
    ...made,
    picture: { ...picture, data: Buffer.from(picture.data) },
    small: small && { ...small, data: Buffer.from(small.data) },
  };
}
