import { readFile } from 'node:fs/promises';
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
  descriptionFile?: string;
  privacyFile?: string;
  termsFile?: string;
  rule?: string[];
}

function set(io: Io): Command {
  const examples = [
    'instance set --title "Harbour" --short "For those who keep the lights on"',
    'instance set --rule "Be kind." --rule "No spam."',
    'instance set --email hello@example.org --contact alice',
    'instance set --privacy-file privacy.txt --terms-file terms.txt',
  ];
  return command('set', 'change it; what is not named stays', examples)
    .option('--title <text>', 'its name')
    .option('--short <text>', 'one or two sentences')
    .option('--description <text>', 'more, for the page about it')
    .option('--description-file <path>', 'the same from a file of plain text')
    .option('--privacy-file <path>', 'the privacy policy, plain text; an empty file takes it away')
    .option('--terms-file <path>', 'the terms of service, likewise')
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
        const { descriptionFile, privacyFile, termsFile } = changes;
        const profile = {
          title,
          shortDescription,
          description: (await textOf(descriptionFile)) ?? description,
          privacyPolicy: await textOf(privacyFile),
          terms: await textOf(termsFile),
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

async function textOf(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`${path} cannot be read`);
  });
  return text.trim();
}

async function toResult(ctx: Context, instance: InstanceDocument): Promise<Result> {
  const contact = (await contactAccount(ctx, instance))?.username ?? '';
  const { title, shortDescription, description, contactEmail, rules, privacyPolicy, terms } = instance;
  const json = {
    title,
    short: shortDescription,
    description,
    email: contactEmail,
    contact,
    privacy_policy: privacyPolicy?.text ?? '',
    terms: terms?.text ?? '',
    rules: rules.map((r) => r.text),
  };
  const lines: [string, string][] = [
    ['Title', title],
    ['Short', shortDescription],
    ['Description', description],
    ['E-mail', contactEmail],
    ['Contact', contact && `@${contact}`],
    ['Privacy', privacyPolicy ? `${privacyPolicy.text.length} characters` : ''],
    ['Terms', terms ? `${terms.text.length} characters` : ''],
    ...rules.map((r, i): [string, string] => [`Rule ${i + 1}`, r.text]),
  ];
  return { json, text: toList(lines) };
}
