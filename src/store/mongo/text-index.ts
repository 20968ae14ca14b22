import { MongoServerError, type Db, type Filter } from 'mongodb';
import type { Logger } from '../../log.js';
import type { TextIndex } from '../port.js';
import { parseQuery, toTerms } from '../text-terms.js';

interface Entry {
  _id: string;
  /** The words of the text, with a space before and behind each: MongoDB compares phrases as plain substrings. */
  text: string;
}

/** What servers that speak MongoDB's protocol answer when they have no text indexes (FerretDB v1: IndexNotFound). */
const unsupportedCodes = new Set<unknown>([27, 115, 238]);

/**
 * Full text search by a text index over a collection of its own. On a server that has none, which MongoDB is not, the
 * texts are looked through one by one.
 */
export function createTextIndex(db: Db, name: string, log?: Logger): TextIndex {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name))
    throw new Error(`'${name}' cannot be the name of a text index`);
  const collection = db.collection<Entry>(`text_${name}`);
  let known: Promise<boolean> | null = null;

  async function create(): Promise<boolean> {
    try {
      // `none`: no stop words and no stemming, since texts come in every language. Creating it again does nothing.
      await collection.createIndex(
        { text: 'text' },
        { default_language: 'none', language_override: 'noLanguage' },
      );
      return true;
    } catch (error) {
      if (!(error instanceof MongoServerError) || !unsupportedCodes.has(error.code)) throw error;
      log?.warn({ name }, 'the server has no text indexes: search looks through all texts');
      return false;
    }
  }

  /** Asked of the server once; a failure is asked again. */
  function isIndexed(): Promise<boolean> {
    known ??= create().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  }

  return {
    put: async (id, text) => {
      await isIndexed();
      await collection.replaceOne({ _id: id }, { text: ` ${toTerms(text).join(' ')} ` }, { upsert: true });
    },
    remove: async (id) => {
      await collection.deleteOne({ _id: id });
    },
    search: async (query, { limit, before }) => {
      const phrases = parseQuery(query);
      if (phrases.length === 0) return [];
      const matches = (await isIndexed()) ? byIndex(phrases) : byLooking(phrases);
      const found = await collection
        .find({ ...matches, ...(before !== undefined && { _id: { $lt: before } }) })
        .sort({ _id: -1 })
        .limit(limit)
        .project<{ _id: string }>({ _id: 1 })
        .toArray();
      return found.map(({ _id }) => _id);
    },
  };
}

/** Each word in quotes: MongoDB joins phrases by AND, but bare words by OR. */
function byIndex(phrases: readonly (readonly string[])[]): Filter<Entry> {
  return { $text: { $search: phrases.map((words) => `" ${words.join(' ')} "`).join(' ') } };
}

/** Words are letters and digits only (`toTerms`); what else a term could hold is escaped all the same. */
function byLooking(phrases: readonly (readonly string[])[]): Filter<Entry> {
  const patterns = phrases.map((words) => ` ${words.join(' ')} `.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { $and: patterns.map((pattern) => ({ text: { $regex: pattern } })) };
}
