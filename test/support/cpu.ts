/**
 * Milliseconds of processor time that this process uses from now on. For what must not grow out of hand on hostile input:
 * other load on the machine does not count, and the bounds are far from what is usual.
 */
export function cpuTime(): () => number {
  const began = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
}
