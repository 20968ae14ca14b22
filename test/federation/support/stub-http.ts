import type { HttpOutcome, HttpRequest } from '../../../federation/fetch/client.js';
import { isMediaTypeIn } from '../../../federation/fetch/exchange.js';

export interface StubAnswer {
  status?: number;
  type?: string;
  body?: unknown;
  outcome?: HttpOutcome;
}

/** A network made of a table of URLs: what is not in it answers 404. `asked` lists the URLs in order. */
export function stubHttp(table: Record<string, StubAnswer | Record<string, unknown>>) {
  const asked: string[] = [];
  return {
    asked,
    async request({ url, contentTypes }: HttpRequest): Promise<HttpOutcome> {
      asked.push(url);
      const found = table[url];
      if (found?.['outcome']) return found['outcome'] as HttpOutcome;
      const isAnswer = found !== undefined && ('status' in found || 'type' in found);
      const answer: StubAnswer = isAnswer ? found : { status: found ? 200 : 404, body: found };
      const { status = 200, type = 'application/jrd+json', body = '' } = answer;
      if (status === 200 && contentTypes && !isMediaTypeIn(type, contentTypes)) {
        return { outcome: 'refused', reason: 'content-type', url };
      }
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { outcome: 'response', status, headers: { 'content-type': type }, body: Buffer.from(text), url };
    },
  };
}
