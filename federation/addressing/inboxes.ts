import { hostOf, isHttpIri, isSameHost } from '../vocabulary/iris.js';

/** A remote actor that is to get an activity. */
export interface Recipient {
  uri: string;
  inbox: string;
  sharedInbox: string | null;
}

export interface CollapseOptions {
  /** True for hosts (with port) that lead to this instance: deliveries to ourselves do not exist. */
  isOwnHost: (host: string) => boolean;
  /** The activity is for everybody or for followers; false: for named people only. */
  isPublicOrFollowers: boolean;
}

/**
 * A shared inbox counts only where the actor lives: one on another host would turn our fan-out against a third party
 * (Misskey CVE-2024-52591).
 */
function sharedInboxOf({ inbox, sharedInbox }: Recipient): string | null {
  return sharedInbox !== null && isHttpIri(sharedInbox) && isSameHost(sharedInbox, inbox)
    ? sharedInbox
    : null;
}

/**
 * The inboxes to deliver to, each once, sorted (ActivityPub section 7.1.3). Public and followers-only activities take
 * the shared inbox wherever there is one. A direct message takes the personal inbox, so that nobody but its reader's
 * mailbox is involved; only where it has several readers on one server it is sent there once, to the shared inbox: the
 * server finds its readers in `to` and `cc` either way. Own hosts and unusable inboxes are left out; one follower's
 * broken URL stops nobody else's delivery (Mastodon GHSA-5wxh-3p65-r4g6).
 */
export function collapseInboxes(recipients: readonly Recipient[], options: CollapseOptions): string[] {
  const usable = recipients.filter(({ inbox }) => {
    const host = hostOf(inbox);
    return host !== null && !options.isOwnHost(host);
  });
  const readers = new Map<string, Set<string>>();
  for (const recipient of usable) {
    const shared = sharedInboxOf(recipient);
    if (shared === null) continue;
    const known = readers.get(shared) ?? new Set<string>();
    readers.set(shared, known.add(recipient.inbox));
  }
  const enough = options.isPublicOrFollowers ? 1 : 2;
  const inboxes = usable.map((recipient) => {
    const shared = sharedInboxOf(recipient);
    return shared !== null && (readers.get(shared)?.size ?? 0) >= enough ? shared : recipient.inbox;
  });
  return [...new Set(inboxes)].sort();
}
