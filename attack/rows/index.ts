import type { Row } from '../row.js';
import { rows as activities } from './activities.js';
import { rows as api } from './api.js';
import { rows as content } from './content.js';
import { rows as fetching } from './fetching.js';
import { rows as inbox } from './inbox.js';
import { rows as keys } from './keys.js';
import { rows as signatures } from './signatures.js';
import { rows as web } from './web.js';

/** All rows that can be seen from outside, by id. */
export const allRows: readonly Row[] = [
  ...signatures,
  ...keys,
  ...activities,
  ...fetching,
  ...inbox,
  ...api,
  ...content,
  ...web,
].sort((a, b) => a.id - b.id);
