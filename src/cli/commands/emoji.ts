import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { asStaff } from '../../domain/audit.js';
import { addCustomEmoji, listCustomEmojis, removeCustomEmoji } from '../../domain/custom-emojis.js';
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

export function emojiCommands(io: Io): Command {
  return group('emoji', 'the custom emojis of this server', [add(io), list(io), remove(io)]);
}

function add(io: Io): Command {
  const examples = ['emoji add blobcat blobcat.png', 'emoji add parrot parrot.gif --category Birds'];
  return command('add', 'add one, from a picture', examples)
    .argument('<shortcode>', 'its name, without colons')
    .argument('<file>', 'PNG, GIF or WebP')
    .option('--category <name>', 'where pickers show it')
    .option(...jsonOption)
    .action((shortcode: string, file: string, options: CommonOptions & { category?: string }) =>
      showOn(io, options, async (ctx) => {
        const picture = await readFile(file).catch(() => {
          throw new UsageError(`${file} cannot be read`);
        });
        const category = options.category ?? null;
        const act = { actor: consoleActor(), action: 'emoji.add', target: shortcode };
        await asStaff(ctx, act, () => addCustomEmoji(ctx, { shortcode, picture, category }));
        return { json: { shortcode, category }, text: `:${shortcode}: is there.` };
      }),
    );
}

function list(io: Io): Command {
  return command('list', 'all of them', ['emoji list'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const json = (await listCustomEmojis(ctx)).map(({ shortcode, category }) => ({
          shortcode,
          category,
        }));
        const rows = json.map((e) => [e.shortcode, e.category ?? '-']);
        return { json, text: rows.length ? toTable(['SHORTCODE', 'CATEGORY'], rows) : 'No emojis.' };
      }),
    );
}

function remove(io: Io): Command {
  return command('remove', 'take one away', ['emoji remove blobcat'])
    .argument('<shortcode>')
    .option(...jsonOption)
    .action((shortcode: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const act = { actor: consoleActor(), action: 'emoji.remove', target: shortcode };
        await asStaff(ctx, act, () => removeCustomEmoji(ctx, shortcode));
        return { json: { shortcode, removed: true }, text: `:${shortcode}: is gone.` };
      }),
    );
}
