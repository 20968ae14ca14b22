import type { List } from '../../model/lists.js';

export function toList(list: List) {
  return {
    id: list._id,
    title: list.title,
    replies_policy: list.repliesPolicy,
    exclusive: list.exclusive,
  };
}
