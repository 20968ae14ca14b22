import { mediaUrl } from '../../domain/urls.js';
import { now, type Ctx, type OwnNames } from '../../domain/ctx.js';
import type { InvitePolicy } from '../../policy/invites.js';

/** For whom, from where and when something is shown. Serialisers are pure functions of this and of facts. */
export interface View {
  names: OwnNames;
  /** Null for the public. */
  viewerId: string | null;
  /** ISO time. */
  now: string;
  /** Who may invite others here. */
  invites: InvitePolicy;
}

export function viewOf(ctx: Ctx, viewerId: string | null): View {
  return { names: ctx.names, viewerId, now: now(ctx), invites: ctx.settings.invites };
}

/** A time as every client reads it: UTC, exactly three decimals. */
export function toTime(iso: string): string {
  return new Date(iso).toISOString();
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
