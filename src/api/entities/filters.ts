import type { Filter, FilterKeyword, FilterStatus } from '../../model/filters.js';
import type { FilterMatch } from '../../policy/filters.js';
import { toTimeOrNull } from './view.js';

export function toFilter(filter: Filter) {
  return {
    ...toBareFilter(filter),
    keywords: filter.keywords.map(toFilterKeyword),
    statuses: filter.statuses.map(toFilterStatus),
  };
}

/** Inside a status: without what it looks for. */
function toBareFilter(filter: Filter) {
  return {
    id: filter._id,
    title: filter.title,
    context: filter.contexts,
    expires_at: toTimeOrNull(filter.expiresAt),
    filter_action: filter.action,
  };
}

export function toFilterKeyword(keyword: FilterKeyword) {
  return { id: keyword.id, keyword: keyword.keyword, whole_word: keyword.wholeWord };
}

export function toFilterStatus(status: FilterStatus) {
  return { id: status.id, status_id: status.statusId };
}

export function toFilterResult(match: FilterMatch) {
  return {
    filter: toBareFilter(match.filter),
    keyword_matches: match.keywords,
    status_matches: match.statusIds,
  };
}

/** The first version of the API: every keyword is a filter. */
export function toFilterV1(filter: Filter, keyword: FilterKeyword) {
  return {
    id: keyword.id,
    phrase: keyword.keyword,
    context: filter.contexts,
    whole_word: keyword.wholeWord,
    expires_at: toTimeOrNull(filter.expiresAt),
    irreversible: filter.action === 'hide',
  };
}
