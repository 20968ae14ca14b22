/** What staff decided about people, addresses and servers. */

/** A mail provider whose addresses are refused at sign-up, with its subdomains. */
export interface EmailDomainBlock {
  _id: string;
  domain: string;
  /** Not refused: staff decides about each. */
  allowWithApproval: boolean;
  createdAt: string;
}

/** How often a mail provider was refused on a day (UTC). */
export interface EmailDomainBlockDay {
  _id: string;
  blockId: string;
  day: string;
  uses: number;
  /** Hashes of the addresses it came from, as many as are told apart. */
  origins: string[];
}

/** One mailbox, however its address is spelt, known only by the hash (policy/emails.ts). */
export interface CanonicalEmailBlock {
  _id: string;
  hash: string;
  createdAt: string;
}

export type IpSeverity = 'sign_up_requires_approval' | 'sign_up_block' | 'no_access';

export interface IpBlock {
  _id: string;
  /** As shown, e.g. `203.0.113.0/24`. */
  ip: string;
  /** As looked up (policy/networks.ts). */
  network: string;
  severity: IpSeverity;
  comment: string;
  expiresAt: string | null;
  createdAt: string;
}

/** A server that is welcome. */
export interface DomainAllow {
  _id: string;
  domain: string;
  createdAt: string;
}

/** Where somebody signed up or in from. */
export interface UserIp {
  _id: string;
  userId: string;
  /** As shown. */
  ip: string;
  /** As 32 hexadecimal digits, so that networks are ranges. */
  key: string;
  usedAt: string;
}

/** That somebody used the server on a day (UTC, `2025-01-31`). */
export interface ActiveDay {
  _id: string;
  userId: string;
  day: string;
}

export type StaffAction = 'none' | 'sensitive' | 'disable' | 'silence' | 'suspend';

/** What staff told an account, and what it did with it. */
export interface AccountWarning {
  _id: string;
  targetId: string;
  /** Who of the staff. */
  byId: string;
  action: StaffAction;
  text: string;
  reportId: string | null;
  statusIds: string[];
  createdAt: string;
}

/** A site whose pages are linked, and whether its links may trend. `trendable` null: nobody decided. */
export interface LinkPublisher {
  _id: string;
  domain: string;
  trendable: boolean | null;
  reviewedAt: string | null;
}
