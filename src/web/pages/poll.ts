import type { StatusEntity } from '../../api/entities/statuses.js';
import { escapeHtml, html, type Html } from '../html.js';
import { count, timeText, withEmojis } from './words.js';

type PollEntity = NonNullable<StatusEntity['poll']>;

/** The options with their shares so far. Who wants to vote uses an app. */
export function pollOf(poll: PollEntity): Html {
  const sum = poll.options.reduce((total, o) => total + (o.votes_count ?? 0), 0);
  const voters = poll.multiple ? (poll.voters_count ?? sum) : sum;
  const options = poll.options.map((o) => {
    const share = voters ? Math.min(100, Math.round((100 * (o.votes_count ?? 0)) / voters)) : 0;
    return html`<li>
      <span class="option"
        ><span dir="auto">${withEmojis(escapeHtml(o.title), poll.emojis)}</span> <b>${share}%</b></span
      >
      <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="1" />
        <rect class="part" width="${share}" height="1" />
      </svg>
    </li>`;
  });
  return html`<ul class="poll">
      ${options}
    </ul>
    <p class="soft">${count(poll.voters_count ?? sum, 'voter')}${ending(poll)}</p>`;
}

function ending({ expired, expires_at: at }: PollEntity): string {
  if (expired) return ' · closed';
  return at ? ` · until ${timeText(at, true)}` : '';
}
