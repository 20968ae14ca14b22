import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A helper process of the bench that answers calls over IPC. */
export interface Child {
  pid: number;
  /** Calls a function of the other side; rejects with its error text. */
  call<T>(name: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
}

interface Question {
  id: number;
  name: string;
  argument: unknown;
}
interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/** Starts `file` (a URL relative to the caller's) as a process of its own. */
export async function startChild(file: URL, options: { execArgv?: string[] } = {}): Promise<Child> {
  const child = fork(fileURLToPath(file), [], {
    execArgv: options.execArgv ?? [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error === undefined) asked?.resolve(answer.result);
    else asked?.reject(new Error(answer.error));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file.pathname} ended with ${code}`));
  });
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    call: <T>(name: string, argument?: unknown) =>
      new Promise<T>((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name, argument } satisfies Question);
      }),
    stop: () => end(child, 'SIGTERM'),
  };
}

/** Answers calls in a child until the parent goes away. */
export function answerCalls(functions: Record<string, (argument: never) => unknown>): void {
  process.on('message', (question: Question) => {
    void Promise.resolve()
      .then(() => {
        const act = functions[question.name];
        if (!act) throw new Error(`no function ${question.name}`);
        return act(question.argument as never);
      })
      .then(
        (result) => process.send?.({ id: question.id, result } satisfies Answer),
        (error: unknown) =>
          process.send?.({ id: question.id, error: String((error as Error).stack ?? error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

/** Ends a process: the signal, and SIGKILL when that was not enough. */
export async function end(child: ChildProcess, signal: NodeJS.Signals, patienceMs = 15_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await exited;
  clearTimeout(timer);
}
