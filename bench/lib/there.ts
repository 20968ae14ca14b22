export interface Limit {
  perSecond: number;
  coreMs: number;
}

/**
 * Goals in milliseconds and core-ms were set on another machine. What its limits took is known, so a figure can be told
 * as it would be there: to the limit of that machine as it is to the limit here, taken in the same run.
 */
export const limitsThere = {
  signAndPost: { perSecond: 4280, coreMs: 0.31 },
  inboxCeiling: { perSecond: 5851, coreMs: 0.18 },
} as const satisfies Record<string, Limit>;

export interface There {
  figure: string;
  pass: boolean;
}

/** @returns undefined where one of the figures could not be taken */
export function there(value: number, { most, unit }: { most: number; unit: string }): There | undefined {
  if (!Number.isFinite(value)) return undefined;
  return { figure: `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`, pass: value <= most };
}
