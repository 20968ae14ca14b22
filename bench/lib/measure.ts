import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second (`getconf CLK_TCK`). */
const tickMs = 10;

/** CPU time, user and system, that a process has used so far, in core-milliseconds. Null where there is no /proc. */
export function cpuMs(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return null;
  }
}

/** Resident memory of a process in MB. Null where there is no /proc. */
export function residentMb(pid: number): number | null {
  try {
    const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? null : Number(kb) / 1024;
  } catch {
    return null;
  }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds since the epoch, with fractions; comparable between processes of one machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Asks again until `look` says yes. @returns false when the time ran out */
export async function until(look: () => Promise<boolean>, timeoutMs: number, everyMs = 25): Promise<boolean> {
  for (const deadline = nowMs() + timeoutMs; nowMs() < deadline;) {
    if (await look()) return true;
    await sleep(everyMs);
  }
  return look();
}
