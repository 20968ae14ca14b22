import type { Db } from 'mongodb';
import type { TextIndex } from '../port.js';
import { parseQuery, toTerms } from '../text-terms.js';

interface Entry {
  _id: string;
  /** The words of the text, with a space before and behind each: MongoDB compares phrases as plain substrings. */
  text: string;
}

/** Full text search by a text index over a collection of its own. */
export function createTextIndex(db: Db, name: string): TextIndex {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name))
    throw new Error(`'${name}' cannot be the name of a text index`);
  const collection = db.collection<Entry>(`text_${name}`);
  // `none`: no stop words and no stemming, since texts come in every language. Creating it again does nothing.
  const create = (): Promise<string> =>
    collection.createIndex({ text: 'text' }, { default_language: 'none', language_override: 'noLanguage' });
  return {
    put: async (id, text) => {
      await create();
      await collection.replaceOne({ _id: id }, { text: ` ${toTerms(text).join(' ')} ` }, { upsert: true });
    },
    remove: async (id) => {
      await collection.deleteOne({ _id: id });
    },
    search: async (query, { limit, before }) => {
      const phrases = parseQuery(query);
      if (phrases.length === 0) return [];
      await create();
      // Each word in quotes: MongoDB joins phrases by AND, but bare words by OR.
      const $search = phrases.map((words) => `" ${words.join(' ')} "`).join(' ');
      const filter = { $text: { $search }, ...(before !== undefined && { _id: { $lt: before } }) };
      const found = await collection
        .find(filter)
        .sort({ _id: -1 })
        .limit(limit)
        .project<{ _id: string }>({ _id: 1 })
        .toArray();
      return found.map(({ _id }) => _id);
    },
  };
}
