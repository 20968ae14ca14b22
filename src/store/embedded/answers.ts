import { LRUCache } from 'lru-cache';
import { growing } from '../../growing.js';
import type { Asked } from './prepared.js';

/**
 * Which documents short questions to one collection had as answers. Any write that moves a row of an index empties it, so
 * it is for collections that change seldom: who follows whom is asked with every post that comes, and hardly changes.
 */
export interface Answers {
  /** What `find` gave the last time, or gives now. Null answers are not remembered. */
  of(sql: string, asked: Asked, find: () => string[] | null): string[] | null;
  clear(): void;
}

const maxAnswers = 5000;

export function createAnswers(): Answers {
  const known = new LRUCache<string, string[]>(growing(maxAnswers));
  return {
    of: (sql, { query, shape }, find) => {
      const name = `${query.limit ?? 0}\0${shape.values.join('\0')}\0${shape.text}\0${sql}`;
      const answer = known.get(name) ?? find();
      if (answer) known.set(name, answer);
      return answer;
    },
    clear: () => known.clear(),
  };
}
