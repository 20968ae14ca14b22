import type { Account } from '../../model/account.js';
import type { Media, Status } from '../../model/status.js';
import { settledToPlainText } from '../../text/sanitise.js';
import type { MailText } from './texts.js';

/** What mails to people without an account say. Plain text; pure. */

export interface SubscriberFacts {
  /** Name of the server. */
  title: string;
  /** Its public origin. */
  origin: string;
  handleDomain: string;
  /** Whose posts they are. */
  author: Account;
  unsubscribeUrl: string;
}

export interface MailedPost {
  status: Status;
  media: readonly Media[];
}

/** Posts whose text is in the mail; of more, their number is. */
const mostPosts = 20;
const longestPost = 10_000;
const longestExcerpt = 60;

export function toInvitationText(facts: SubscriberFacts, link: string): MailText {
  const handle = handleOf(facts);
  const lines = [
    'Hello,',
    `somebody asked ${facts.title} to send the public posts of ${handle} to this address. If that was you, open this link within seven days:`,
    link,
    'If it was not you, there is nothing to do: nothing is sent unless the link is opened.',
  ];
  return toText(facts, `Posts of ${handle} by mail?`, lines);
}

export function toPostsText(facts: SubscriberFacts, posts: readonly MailedPost[]): MailText {
  const name = oneLine(facts.author.displayName) || facts.author.username;
  const [first] = posts;
  const subject =
    first && posts.length === 1 ? `${name}: ${excerptOf(first)}` : `${posts.length} new posts of ${name}`;
  const shown = posts.slice(0, mostPosts).map(toPost);
  const more = posts.length - shown.length;
  const lines = [
    `${name} (${handleOf(facts)})`,
    shown.join('\n\n* * *\n\n'),
    ...(more > 0 ? [`And ${more} more: ${facts.author.url}`] : []),
  ];
  return toText(facts, subject, lines);
}

function toText(facts: SubscriberFacts, subject: string, lines: readonly string[]): MailText {
  const footer = [
    `-- \n${facts.title}\n${facts.origin}`,
    `No more posts of ${handleOf(facts)} by mail: ${facts.unsubscribeUrl}`,
  ];
  return { subject: oneLine(subject).slice(0, 200), text: `${[...lines, ...footer].join('\n\n')}\n` };
}

const handleOf = ({ author, handleDomain }: SubscriberFacts): string => `@${author.username}@${handleDomain}`;

/** A mail cannot fold anything away: behind a warning there is only the link. */
function toPost({ status, media }: MailedPost): string {
  const link = status.url ?? status.uri;
  if (status.spoilerText !== '')
    return [`Content warning: ${oneLine(status.spoilerText)}`, link].join('\n\n');
  const parts = [
    shorten(settledToPlainText(status.content), longestPost),
    (status.poll?.options ?? []).map((option) => `( ) ${oneLine(option.title)}`).join('\n'),
    (status.sensitive ? [] : media).map(toAttachment).join('\n'),
    link,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const kinds: Record<Media['type'], string> = {
  image: 'Picture',
  gifv: 'Animation',
  video: 'Video',
  audio: 'Audio',
  unknown: 'File',
};

function toAttachment({ type, description }: Media): string {
  const told = oneLine(description ?? '');
  return told === '' ? `[${kinds[type]}]` : `[${kinds[type]}: ${shorten(told, 1500)}]`;
}

function excerptOf({ status }: MailedPost): string {
  const text = oneLine(status.spoilerText || settledToPlainText(status.content));
  return text === '' ? 'a new post' : shorten(text, longestExcerpt);
}

function shorten(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** For subjects and lines: no breaks, no other control characters, nothing that turns the direction of what follows. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
}
