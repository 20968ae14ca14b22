import type { DomainRule } from '../model/work.js';
import type { Collection } from '../store/port.js';

/** The domain rules, kept in memory. */
export interface RuleBook {
  all(): Promise<ReadonlyMap<string, DomainRule>>;
}

/** How long another process's change may go unnoticed, ms. */
const keepMs = 500;

/** @returns the book, and the collection through which this process writes: the book notices at once */
export function createRuleBook(collection: Collection<DomainRule>): {
  rules: RuleBook;
  domainRules: Collection<DomainRule>;
} {
  let kept: { at: number; rules: Promise<ReadonlyMap<string, DomainRule>> } | null = null;
  const read = async (): Promise<ReadonlyMap<string, DomainRule>> => {
    const found = await collection.find({}).toArray();
    return new Map(found.map((rule) => [rule.domain, rule]));
  };
  const all = (): Promise<ReadonlyMap<string, DomainRule>> => {
    if (kept && performance.now() - kept.at < keepMs) return kept.rules;
    const made = { at: performance.now(), rules: read() };
    kept = made;
    made.rules.catch(() => {
      if (kept === made) kept = null;
    });
    return made.rules;
  };
  /** Forgets before the write, so that nobody waits for old rules, and after it. */
  const forgetting =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      kept = null;
      try {
        return await write(...args);
      } finally {
        kept = null;
      }
    };
  const domainRules: Collection<DomainRule> = {
    find: (filter) => collection.find(filter),
    findOne: (filter, options) => collection.findOne(filter, options),
    countDocuments: (filter, options) => collection.countDocuments(filter, options),
    insertOne: forgetting((document) => collection.insertOne(document)),
    insertMany: forgetting((documents, options) => collection.insertMany(documents, options)),
    updateOne: forgetting((filter, update, options) => collection.updateOne(filter, update, options)),
    updateMany: forgetting((filter, update) => collection.updateMany(filter, update)),
    findOneAndUpdate: forgetting((filter, update, options) =>
      collection.findOneAndUpdate(filter, update, options),
    ),
    deleteOne: forgetting((filter) => collection.deleteOne(filter)),
    deleteMany: forgetting((filter) => collection.deleteMany(filter)),
    bulkWrite: forgetting((operations, options) => collection.bulkWrite(operations, options)),
  };
  return { rules: { all }, domainRules };
}
