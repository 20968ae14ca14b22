/** Told, put aside until its receiver has looked at who sends it, or not kept. */
export type NotificationVerdict = 'accept' | 'filter' | 'drop';

/** Whom somebody does not want to hear from just like that. One for each account that changed it. */
export interface NotificationPolicy {
  _id: string;
  accountId: string;
  forNotFollowing: NotificationVerdict;
  forNotFollowers: NotificationVerdict;
  forNewAccounts: NotificationVerdict;
  forPrivateMentions: NotificationVerdict;
  forLimitedAccounts: NotificationVerdict;
}

/** That notifications from somebody were put aside. */
export interface NotificationRequest {
  _id: string;
  accountId: string;
  fromId: string;
  lastStatusId: string | null;
  count: number;
  createdAt: string;
  updatedAt: string;
}

/** That notifications from somebody are always told. */
export interface NotificationPermission {
  _id: string;
  accountId: string;
  fromId: string;
}
