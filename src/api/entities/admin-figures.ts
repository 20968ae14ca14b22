import type { Dimension } from '../../domain/dimensions.js';
import type { Measure } from '../../domain/measures.js';
import type { Cohort } from '../../domain/retention.js';

export function toMeasure({ key, unit, total, previous, days }: Measure) {
  return {
    key,
    unit,
    total: String(total),
    ...(unit === 'bytes' && { human_value: toBytes(total) }),
    ...(previous !== null && { previous_total: String(previous) }),
    data: days.map(({ day, value }) => ({ date: day.toISOString(), value: String(value) })),
  };
}

export function toDimension({ key, parts }: Dimension) {
  return {
    key,
    data: parts.map((part) => ({
      key: part.key,
      human_key: part.name,
      value: part.value,
      ...(part.unit === 'bytes' && { unit: part.unit, human_value: toBytes(Number(part.value)) }),
    })),
  };
}

export function toCohort({ period, data }: Cohort, frequency: 'day' | 'month') {
  return {
    period: period.toISOString(),
    frequency,
    data: data.map(({ period: later, active, rate }) => ({
      date: later.toISOString(),
      rate,
      value: String(active),
    })),
  };
}

const units = ['Bytes', 'KB', 'MB', 'GB', 'TB'];

function toBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}
