import type { Command } from 'commander';
import { deleteAnnouncement, listAnnouncements, publishAnnouncement } from '../../domain/announcements.js';
import { asStaff } from '../../domain/audit.js';
import type { Announcement } from '../../model/announcements.js';
import {
  command,
  consoleActor,
  group,
  jsonOption,
  showOn,
  UsageError,
  type CommonOptions,
} from '../command.js';
import { toTable, type Io } from '../io.js';

export function announcementCommands(io: Io): Command {
  return group('announcement', 'what everybody is told', [publish(io), list(io), remove(io)]);
}

interface PublishOptions extends CommonOptions {
  starts?: string;
  ends?: string;
  allDay?: boolean;
}

function publish(io: Io): Command {
  const examples = [
    'announcement publish "We move tonight."',
    'announcement publish "Summer party" --starts 2027-07-01 --ends 2027-07-02 --all-day',
  ];
  return command('publish', 'tell everybody; apps show it at once', examples)
    .argument('<text>')
    .option('--starts <time>', 'when what it tells of begins, in ISO 8601')
    .option('--ends <time>', 'when it ends; then it is not shown any more')
    .option('--all-day', 'these two are days')
    .option(...jsonOption)
    .action((text: string, options: PublishOptions) =>
      showOn(io, options, async (ctx) => {
        const input = {
          text,
          startsAt: timeOf(options.starts, '--starts'),
          endsAt: timeOf(options.ends, '--ends'),
          allDay: options.allDay,
        };
        const act = { actor: consoleActor(), action: 'announcement.publish', target: text.slice(0, 200) };
        const made = await asStaff(ctx, act, () => publishAnnouncement(ctx, input));
        return { json: toShown(made), text: `Announcement ${made._id} is out.` };
      }),
    );
}

function timeOf(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new UsageError(`${option}: a time in ISO 8601`);
  return at;
}

function toShown(announcement: Announcement) {
  return {
    id: announcement._id,
    text: announcement.text,
    starts_at: announcement.startsAt,
    ends_at: announcement.endsAt,
    all_day: announcement.allDay,
    published_at: announcement.publishedAt,
  };
}

function list(io: Io): Command {
  return command('list', 'the latest, newest first', ['announcement list', 'announcement list --json'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const json = (await listAnnouncements(ctx)).map(toShown);
        const rows = json.map((a) => [
          a.id,
          a.published_at.slice(0, 16),
          a.ends_at?.slice(0, 16) ?? '-',
          a.text,
        ]);
        const text = rows.length ? toTable(['ID', 'PUBLISHED', 'ENDS', 'TEXT'], rows) : 'No announcements.';
        return { json, text };
      }),
    );
}

function remove(io: Io): Command {
  return command('delete', 'take one back', ['announcement delete 116000000000000000'])
    .argument('<id>')
    .option(...jsonOption)
    .action((id: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const act = { actor: consoleActor(), action: 'announcement.delete', target: `announcement ${id}` };
        await asStaff(ctx, act, () => deleteAnnouncement(ctx, id));
        return { json: { id, deleted: true }, text: `Announcement ${id} is gone.` };
      }),
    );
}
