import { mediaUrl } from '../../domain/urls.js';
import { now, type Ctx, type OwnNames } from '../../domain/ctx.js';
import { emailSubscriptionsOpenTo } from '../../domain/email-subscriptions/offer.js';
import type { OpenTo } from '../../policy/permissions.js';

/** For whom, from where and when something is shown. Serialisers are pure functions of this and of facts. */
export interface View extends OpenTo {
  names: OwnNames;
  /** Null for the public. */
  viewerId: string | null;
  /** ISO time. */
  now: string;
}

export function viewOf(ctx: Ctx, viewerId: string | null): View {
  const openTo = { invites: ctx.settings.invites, emailSubscriptions: emailSubscriptionsOpenTo(ctx) };
  return { names: ctx.names, viewerId, now: now(ctx), ...openTo };
}

const asShown = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A time as every client reads it: UTC, exactly three decimals, as nearly all are stored. */
export function toTime(iso: string): string {
  return asShown.test(iso) ? iso : new Date(iso).toISOString();
}

export function toTimeOrNull(iso: string | null): string | null {
  return iso === null ? null : toTime(iso);
}

/** The address of one of our files, else where the remote one lies. */
export function toFileUrl(
  names: OwnNames,
  file: { path: string | null; remoteUrl: string | null },
): string | null {
  return file.path === null ? file.remoteUrl : mediaUrl(names, file.path);
}
