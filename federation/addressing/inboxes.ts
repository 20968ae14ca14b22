import { isHttpIri, isSameHost } from '../vocabulary/iris.js';

/**
 * The shared inbox of an actor (ActivityPub section 7.1.3); null where there is none that may be used. It counts only on
 * the host of the personal one: another host's would turn our fan-out against a third party (Misskey CVE-2024-52591).
 */
export function sharedInboxOf({
  inbox,
  sharedInbox,
}: {
  inbox: string;
  sharedInbox: string | null;
}): string | null {
  return sharedInbox !== null && isHttpIri(sharedInbox) && isSameHost(sharedInbox, inbox)
    ? sharedInbox
    : null;
}
