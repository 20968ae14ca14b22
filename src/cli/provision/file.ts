import { z } from 'zod';
import { StartError } from '../../errors.js';

const role = z.enum(['owner', 'admin', 'moderator', 'user']);
/** `read write`, or a list of such texts. */
const scopes = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().join(' '));

const account = z.object({
  username: z.string().regex(/^[a-z0-9_]{1,30}$/i, 'letters, digits and underscores, 30 at most'),
  email: z.string().min(3).nullish(),
  password: z.string().min(1).max(1024).nullish(),
  role: role.nullish(),
  locked: z.boolean().nullish(),
  discoverable: z.boolean().nullish(),
  locale: z.string().min(2).max(35).nullish(),
});

const app = z.object({
  name: z.string().min(1).nullish(),
  client_id: z.string().min(1).max(255).nullish(),
  client_secret: z.string().min(1).max(255).nullish(),
  redirect_uris: z.array(z.string().min(1)).nullish(),
  scopes: scopes.nullish(),
});

const token = z.object({
  /** The username. Absent: a token of the client itself. */
  account: z.string().min(1).nullish(),
  client_id: z.string().min(1).nullish(),
  token: z.string().min(1).max(512).nullish(),
  scopes: scopes.nullish(),
});

const file = z.object({
  accounts: z.array(account).default([]),
  apps: z.array(app).default([]),
  tokens: z.array(token).default([]),
});

export type ProvisionFile = z.infer<typeof file>;
export type AccountEntry = ProvisionFile['accounts'][number];
export type AppEntry = ProvisionFile['apps'][number];
export type TokenEntry = ProvisionFile['tokens'][number];

/** Reads the text of a provisioning file. @throws StartError that says where it is wrong */
export function parseProvisionFile(text: string): ProvisionFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // Where, and no more: the message may quote a password.
    const position = /position \d+/.exec(String(error))?.[0];
    throw new StartError(`The file is not JSON${position ? ` (${position})` : ''}.`);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues
      .slice(0, 20)
      .map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new StartError(`The file cannot be used:\n${lines.join('\n')}`);
  }
  const twice = firstRepeated(parsed.data.accounts.map((a) => a.username.toLowerCase()));
  if (twice !== null) throw new StartError(`The file names the account ${twice} twice.`);
  return parsed.data;
}

function firstRepeated(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}
