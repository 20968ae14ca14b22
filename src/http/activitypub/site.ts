import type { Request } from 'express';
import type { KeyResolver } from '../../../federation/ports.js';
import type { Ctx } from '../../domain/ctx.js';
import type { HostQuota } from '../../domain/remote/host-quota.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import type { OwnHosts } from './own-hosts.js';
import type { RenderedDocuments } from './rendered.js';
import type { Signer } from './signer.js';

/** The pages for people behind the same URLs; they show what anybody may see. */
export interface Pages {
  front(): Promise<string>;
  /** Null: the operator wrote none. */
  text(which: 'privacyPolicy' | 'terms'): Promise<string | null>;
  profile(account: Account, query: { maxId?: string | undefined }): Promise<string>;
  status(status: Status): Promise<string>;
  tag(tag: string, query: { maxId?: string | undefined }): Promise<string>;
}

export interface ActivityPubDeps {
  keys: KeyResolver;
  pages: Pages;
}

/** What the routes of this room share. */
export interface Site extends ActivityPubDeps {
  ctx: Ctx;
  hosts: OwnHosts;
  rendered: RenderedDocuments;
  /** Of inboxes, all together. */
  activityQuota: HostQuota;
  /** Of signed requests for documents. */
  fetchQuota: HostQuota;
  /** Signatures that were checked already, in secure mode. */
  signers: WeakMap<Request, Promise<Signer>>;
}
