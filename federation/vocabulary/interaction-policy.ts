import { LIMITS } from './limits.js';
import { first, idsOf, isRecord, type Loose } from './values.js';

/** Who may do one thing: at once, or after being asked. Ids of actors and collections, or the public collection. */
export interface RemotePermission {
  automatic: string[];
  manual: string[];
}

/** FEP-044f and GoToSocial interaction policies; null where the sender said nothing. */
export interface RemoteInteractionPolicy {
  canQuote: RemotePermission | null;
  canLike: RemotePermission | null;
  canReply: RemotePermission | null;
  canAnnounce: RemotePermission | null;
  canFeature: RemotePermission | null;
}

function permissionOf(policy: Loose, name: string): RemotePermission | null {
  const permission = first(policy[name]);
  if (!isRecord(permission)) return null;
  const { automaticApproval, always, manualApproval, approvalRequired } = permission;
  // `always` and `approvalRequired` are GoToSocial's names before 0.20.
  return {
    automatic: idsOf(automaticApproval ?? always, LIMITS.policyEntries),
    manual: idsOf(manualApproval ?? approvalRequired, LIMITS.policyEntries),
  };
}

/** Reads an `interactionPolicy`; null when there is none. */
export function parseInteractionPolicy(value: unknown): RemoteInteractionPolicy | null {
  const policy = first(value);
  if (!isRecord(policy)) return null;
  return {
    canQuote: permissionOf(policy, 'canQuote'),
    canLike: permissionOf(policy, 'canLike'),
    canReply: permissionOf(policy, 'canReply'),
    canAnnounce: permissionOf(policy, 'canAnnounce'),
    canFeature: permissionOf(policy, 'canFeature'),
  };
}
