import type { Instance } from './instance.js';

export interface Account {
  id: string;
  acct: string;
  username: string;
}

export interface Status {
  id: string;
  uri: string;
  content: string;
  spoiler_text: string;
  edited_at: string | null;
  account: Account;
  reblog: Status | null;
  in_reply_to_id: string | null;
  media_attachments: {
    id: string;
    type: string;
    description: string | null;
    url: string | null;
    remote_url: string | null;
  }[];
  mentions: { acct: string }[];
  tags: { name: string }[];
  favourites_count: number;
  reblogs_count: number;
}

export interface Notification {
  type: string;
  account: Account;
  status?: Status;
}

/** Somebody with a client: every call goes through the public client API. */
export interface Person {
  name: string;
  acct: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: Record<string, unknown> | FormData): Promise<T>;
  put<T>(path: string, body: Record<string, unknown>): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /** The answer's status code, for what should be refused or gone. */
  status(path: string): Promise<number>;
}

interface Provisioned {
  tokens: { account: string; token: string }[];
}

/** Makes accounts and tokens with the command that operators use for it, before the server is up. */
export async function provision(instance: Instance, names: string[], file: string): Promise<Person[]> {
  const result = await instance.landfall<Provisioned>('provision', file);
  return names.map((name) => {
    const token = result.tokens.find((t) => t.account === name)?.token;
    if (!token) throw new Error(`no token for ${name}`);
    return toPerson(instance, name, token);
  });
}

function toPerson(instance: Instance, name: string, token: string): Person {
  async function call(
    method: string,
    path: string,
    body?: Record<string, unknown> | FormData,
  ): Promise<Response> {
    const json = body !== undefined && !(body instanceof FormData);
    const headers: Record<string, string> = {
      authorization: `Bearer ${token}`,
      ...(json && { 'content-type': 'application/json' }),
    };
    return fetch(`${instance.url}${path}`, {
      method,
      headers,
      ...(body && { body: json ? JSON.stringify(body) : (body as FormData) }),
    });
  }
  async function answer<T>(
    method: string,
    path: string,
    body?: Record<string, unknown> | FormData,
  ): Promise<T> {
    const response = await call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }
  return {
    name,
    acct: `${name}@${instance.domain}`,
    get: (path) => answer('GET', path),
    post: (path, body) => answer('POST', path, body),
    put: (path, body) => answer('PUT', path, body),
    delete: (path) => answer('DELETE', path),
    status: async (path) => (await call('GET', path)).status,
  };
}
