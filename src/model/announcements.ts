/** What the staff tells everybody who is signed in. */
export interface Announcement {
  _id: string;
  /** As typed; shown with links. */
  text: string;
  startsAt: string | null;
  endsAt: string | null;
  /** The two times above are days. */
  allDay: boolean;
  publishedAt: string;
  updatedAt: string;
}

export interface AnnouncementReaction {
  _id: string;
  announcementId: string;
  accountId: string;
  /** An emoji, or the shortcode of a custom one. */
  name: string;
}

/** That somebody has read it. */
export interface AnnouncementDismissal {
  _id: string;
  announcementId: string;
  accountId: string;
}
