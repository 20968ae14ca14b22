import { by, indexes, unique } from './engines.js';

export const durabilitySpecs = {
  items: indexes(unique('key'), by('group', '_id'), by('group', 'n'), by('tags', '_id')),
};
