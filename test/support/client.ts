/** A client of one account, over real HTTP: JSON or a form in, JSON out, and the status code where it is not 200. */
export interface Client {
  get<T = Record<string, unknown>>(path: string): Promise<T>;
  post<T = Record<string, unknown>>(path: string, body?: object): Promise<T>;
  patch<T = Record<string, unknown>>(path: string, body?: object): Promise<T>;
  put<T = Record<string, unknown>>(path: string, body?: object): Promise<T>;
  delete<T = Record<string, unknown>>(path: string): Promise<T>;
  statusOf(path: string): Promise<number>;
}

export function createClient(url: string, token: string): Client {
  async function call(method: string, path: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    if (!body) return fetch(`${url}${path}`, { method, headers });
    if (body instanceof FormData) return fetch(`${url}${path}`, { method, headers, body });
    const typed = { ...headers, 'content-type': 'application/json' };
    return fetch(`${url}${path}`, { method, headers: typed, body: JSON.stringify(body) });
  }
  async function json<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }
  return {
    get: (path) => json('GET', path),
    post: (path, body) => json('POST', path, body),
    patch: (path, body) => json('PATCH', path, body),
    put: (path, body) => json('PUT', path, body),
    delete: (path) => json('DELETE', path),
    statusOf: async (path) => (await call('GET', path)).status,
  };
}
