/** Open connections of one process, counted by account and by client address. */
export interface Places {
  /** @returns the way to give the place back; null when there is none left */
  take(accountId: string, address: string): (() => void) | null;
}

export function createPlaces(limits: { perAccount: number; perAddress: number }): Places {
  const open = new Map<string, number>();
  const change = (key: string, by: 1 | -1): void => {
    const count = (open.get(key) ?? 0) + by;
    if (count > 0) open.set(key, count);
    else open.delete(key);
  };
  return {
    take(accountId, address) {
      const [account, from] = [`account ${accountId}`, `address ${address}`];
      if ((open.get(account) ?? 0) >= limits.perAccount) return null;
      if ((open.get(from) ?? 0) >= limits.perAddress) return null;
      for (const key of [account, from]) change(key, 1);
      let held = true;
      return () => {
        if (held) for (const key of [account, from]) change(key, -1);
        held = false;
      };
    },
  };
}
