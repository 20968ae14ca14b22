import type { ScheduledStatus } from '../../model/scheduled.js';
import type { Media } from '../../model/status.js';
import { toMedia } from './media.js';
import { toTime, type View } from './view.js';

export function toScheduledStatus(view: View, scheduled: ScheduledStatus, media: ReadonlyMap<string, Media>) {
  const { poll } = scheduled;
  return {
    id: scheduled._id,
    scheduled_at: toTime(scheduled.scheduledAt),
    params: {
      text: scheduled.text,
      visibility: scheduled.visibility,
      spoiler_text: scheduled.spoilerText,
      sensitive: scheduled.sensitive,
      language: scheduled.language,
      in_reply_to_id: scheduled.inReplyToId,
      media_ids: scheduled.mediaIds.length ? scheduled.mediaIds : null,
      poll: poll && {
        options: poll.options,
        expires_in: poll.expiresInSeconds,
        multiple: poll.multiple,
        hide_totals: poll.hideTotals,
      },
      quoted_status_id: scheduled.quotedStatusId,
      quote_approval_policy: scheduled.quotePolicy,
      application_id: scheduled.applicationId,
      idempotency: scheduled.idempotencyKey,
      scheduled_at: null,
      with_rate_limit: false,
    },
    media_attachments: scheduled.mediaIds.flatMap((id) => {
      const known = media.get(id);
      return known ? [toMedia(view, known)] : [];
    }),
  };
}
