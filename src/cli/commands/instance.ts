import type { Command } from 'commander';
import { asStaff } from '../../domain/audit.js';
import { contactAccount, getInstance } from '../../domain/instance.js';
import { updateInstance } from '../../domain/instance-profile.js';
import type { Context } from '../../context.js';
import type { InstanceDocument } from '../../model/work.js';
import {
  command,
  consoleActor,
  group,
  jsonOption,
  showOn,
  UsageError,
  type CommonOptions,
  type Result,
} from '../command.js';
import { toList, type Io } from '../io.js';

export function instanceCommands(io: Io): Command {
  return group('instance', 'how this server presents itself: name, words, rules, contact', [
    show(io),
    set(io),
  ]);
}

function show(io: Io): Command {
  return command('show', 'what people and apps are told', ['instance show'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => toResult(ctx, await getInstance(ctx))),
    );
}

interface SetOptions extends CommonOptions {
  title?: string;
  short?: string;
  description?: string;
  email?: string;
  contact?: string;
  rule?: string[];
}

function set(io: Io): Command {
  const examples = [
    'instance set --title "Harbour" --short "For those who keep the lights on"',
    'instance set --rule "Be kind." --rule "No spam."',
    'instance set --email hello@example.org --contact alice',
  ];
  return command('set', 'change it; what is not named stays', examples)
    .option('--title <text>', 'its name')
    .option('--short <text>', 'one or two sentences')
    .option('--description <text>', 'more, for the page about it')
    .option('--email <address>', 'whom people may write to')
    .option('--contact <username>', 'the account people may turn to; empty: the first owner')
    .option('--rule <text...>', 'all rules, in order; they replace the present ones')
    .option(...jsonOption)
    .action((options: SetOptions) =>
      showOn(io, options, async (ctx) => {
        const { json: _, ...changes } = options;
        if (!Object.keys(changes).length)
          throw new UsageError('Say what is to change: --title, --short, --rule …');
        const {
          title,
          short: shortDescription,
          description,
          email: contactEmail,
          contact,
          rule: rules,
        } = changes;
        const profile = {
          title,
          shortDescription,
          description,
          contactEmail,
          contactAccount: contact,
          rules,
        };
        const act = {
          actor: consoleActor(),
          action: 'instance.update',
          target: 'instance',
          details: { ...changes },
        };
        return toResult(ctx, await asStaff(ctx, act, () => updateInstance(ctx, profile)));
      }),
    );
}

async function toResult(ctx: Context, instance: InstanceDocument): Promise<Result> {
  const contact = (await contactAccount(ctx, instance))?.username ?? '';
  const { title, shortDescription, description, contactEmail, rules } = instance;
  const json = {
    title,
    short: shortDescription,
    description,
    email: contactEmail,
    contact,
    rules: rules.map((r) => r.text),
  };
  const lines: [string, string][] = [
    ['Title', title],
    ['Short', shortDescription],
    ['Description', description],
    ['E-mail', contactEmail],
    ['Contact', contact && `@${contact}`],
    ...rules.map((r, i): [string, string] => [`Rule ${i + 1}`, r.text]),
  ];
  return { json, text: toList(lines) };
}
