import { z } from 'zod';

/** One setting: its environment variable, what it may be, and what it is for. */
export interface SettingSpec<T> {
  env: string;
  type: z.ZodType<T>;
  default: T;
  help: string;
  /** Never shown by `config show`, `doctor` or logs. */
  secret?: boolean;
}

export const flag = z.preprocess(
  (v) => (typeof v === 'string' ? ['true', '1', 'yes', 'on'].includes(v.toLowerCase()) : v),
  z.boolean(),
);
/** A whole number from `min` to `max`. */
export const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
type Rest<T> = [value: T, help: string];
export const spec = <T>(env: string, type: z.ZodType<T>, ...[value, help]: Rest<T>): SettingSpec<T> => ({
  env,
  type,
  default: value,
  help,
});
export const secretSpec = <T>(env: string, type: z.ZodType<T>, ...rest: Rest<T>): SettingSpec<T> => ({
  ...spec(env, type, ...rest),
  secret: true,
});
