import { dateOf } from './dates.js';
import { naturalLanguage } from './languages.js';
import { LIMITS } from './limits.js';
import { count, first, isRecord, list, type Loose } from './values.js';

export interface RemotePollOption {
  title: string;
  /** As told by the origin; 0 when it is missing or no count. */
  votes: number;
}

export interface RemotePoll {
  options: RemotePollOption[];
  /** True: several options may be chosen (`anyOf`). */
  multiple: boolean;
  /** When it ends or ended; null: open for ever (or closed at an unknown time, see `closed`). */
  endsAt: string | null;
  /** True: the origin says that it is over, whatever the clock says. */
  closed: boolean;
  votersCount: number | null;
}

function optionOf(value: unknown): RemotePollOption | null {
  if (!isRecord(value)) return null;
  const title = naturalLanguage(value, 'name', LIMITS.pollOptionText)?.value.trim() ?? '';
  if (title === '') return null;
  const replies = first(value['replies']);
  const told = isRecord(replies) ? count(replies['totalItems']) : null;
  return { title, votes: told ?? count(value['_misskey_votes']) ?? 0 };
}

const optionsOf = (value: unknown): RemotePollOption[] =>
  list(value, LIMITS.pollOptions).flatMap((item) => optionOf(item) ?? []);

/** Mastodon tells a number, Pleroma lists the voters. */
function votersOf(question: Loose): number | null {
  const { votersCount, voters } = question;
  return count(votersCount) ?? (Array.isArray(voters) && voters.length > 0 ? voters.length : null);
}

/** The poll of a Question (ActivityStreams section 2.2, FEP-9967); null when it has no option that can be read. */
export function parsePoll(question: Loose): RemotePoll | null {
  const single = optionsOf(question['oneOf']);
  // Pleroma sends both, the other one empty.
  const several = single.length === 0 ? optionsOf(question['anyOf']) : [];
  const options = single.length > 0 ? single : several;
  if (options.length === 0) return null;
  const closed = first(question['closed']);
  const closedAt = dateOf(closed);
  return {
    options,
    multiple: several.length > 0,
    endsAt: dateOf(question['endTime']) ?? closedAt,
    // Pleroma writes the planned end into `closed`, so a date is no proof that the poll is over.
    closed: closed === true || closed === 'true',
    votersCount: votersOf(question),
  };
}
