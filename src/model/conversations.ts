/** Direct posts between the same people in one thread, as one of them sees it. */
export interface Conversation {
  _id: string;
  accountId: string;
  /** Of the statuses. */
  conversationId: string;
  /** The others, sorted. */
  participantIds: string[];
  /** `participantIds` as one text: with the two above it is unique. */
  participantsKey: string;
  lastStatusId: string;
  unread: boolean;
}
