import type { DomainAllow } from '../model/moderation.js';
import type { DomainRule } from '../model/work.js';
import type { DomainPolicy } from '../policy/domains.js';
import type { Collection, Document } from '../store/port.js';

/** What was decided about other servers, kept in memory. */
export interface RuleBook {
  all(): Promise<DomainPolicy>;
}

/** How long another process's change may go unnoticed, ms. */
const keepMs = 500;

export interface RuleBookSources {
  domainRules: Collection<DomainRule>;
  domainAllows: Collection<DomainAllow>;
}

/**
 * `limited`: federation with allowed domains only.
 * @returns the book, and the collections through which this process writes: the book notices at once
 */
export function createRuleBook(
  sources: RuleBookSources,
  { limited }: { limited: boolean },
): RuleBookSources & { rules: RuleBook } {
  let kept: { at: number; policy: Promise<DomainPolicy> } | null = null;
  const read = async (): Promise<DomainPolicy> => {
    const [rules, allows] = await Promise.all([
      sources.domainRules.find({}).toArray(),
      limited ? sources.domainAllows.find({}).toArray() : null,
    ]);
    return {
      rules: new Map(rules.map((rule) => [rule.domain, rule])),
      allows: allows && new Set(allows.map((allow) => allow.domain)),
    };
  };
  const all = (): Promise<DomainPolicy> => {
    if (kept && performance.now() - kept.at < keepMs) return kept.policy;
    const made = { at: performance.now(), policy: read() };
    kept = made;
    made.policy.catch(() => {
      if (kept === made) kept = null;
    });
    return made.policy;
  };
  const forget = (): void => {
    kept = null;
  };
  return {
    rules: { all },
    domainRules: watched(sources.domainRules, forget),
    domainAllows: watched(sources.domainAllows, forget),
  };
}

/** The same collection; `written` is called before each write, so that nobody waits for what was, and after it. */
function watched<T extends Document>(collection: Collection<T>, written: () => void): Collection<T> {
  const watching =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      written();
      try {
        return await write(...args);
      } finally {
        written();
      }
    };
  return {
    find: (filter) => collection.find(filter),
    findOne: (filter, options) => collection.findOne(filter, options),
    countDocuments: (filter, options) => collection.countDocuments(filter, options),
    insertOne: watching((document) => collection.insertOne(document)),
    insertMany: watching((documents, options) => collection.insertMany(documents, options)),
    updateOne: watching((filter, update, options) => collection.updateOne(filter, update, options)),
    updateMany: watching((filter, update) => collection.updateMany(filter, update)),
    findOneAndUpdate: watching((filter, update, options) =>
      collection.findOneAndUpdate(filter, update, options),
    ),
    deleteOne: watching((filter) => collection.deleteOne(filter)),
    deleteMany: watching((filter) => collection.deleteMany(filter)),
    bulkWrite: watching((operations, options) => collection.bulkWrite(operations, options)),
  };
}
