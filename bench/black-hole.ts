import { createServer } from 'node:net';

/** Listens with the shortest queue there is and then stops itself for good: nothing is ever accepted. */
process.once('message', async ({ port, addresses }: { port: number; addresses: string[] }) => {
  for (const host of addresses) {
    await new Promise<void>((resolve) => createServer().listen({ port, host, backlog: 1 }, resolve));
  }
  process.send?.('ready', () => process.kill(process.pid, 'SIGSTOP'));
});
