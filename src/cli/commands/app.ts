import type { Command } from 'commander';
import { outOfBand, registerApp } from '../../domain/apps.js';
import { asStaff } from '../../domain/audit.js';
import { command, consoleActor, group, jsonOption, showOn, type CommonOptions } from '../command.js';
import { toList, type Io } from '../io.js';
import { defaultScopes, knownScopes } from '../scopes.js';

interface CreateOptions extends CommonOptions {
  redirectUri?: string[];
  scopes: string;
  website?: string;
}

export function appCommands(io: Io): Command {
  return group('app', 'clients of the API', [create(io)]);
}

function create(io: Io): Command {
  const examples = [
    'app create "My bot"',
    'app create Web --redirect-uri https://app.example/callback --scopes "read write"',
  ];
  return command('create', 'register a client', examples)
    .argument('<name>')
    .option('--redirect-uri <uri...>', `where people are sent back to (default: shown on a page)`)
    .option('--scopes <scopes>', 'what it may ask for', defaultScopes)
    .option('--website <url>')
    .option(...jsonOption)
    .action((name: string, options: CreateOptions) =>
      showOn(io, options, async (ctx) => {
        const input = {
          name,
          redirectUris: options.redirectUri ?? [outOfBand],
          scopes: knownScopes(options.scopes),
          website: options.website ?? null,
        };
        const act = { actor: consoleActor(), action: 'app.create', target: name };
        const { app, clientSecret } = await asStaff(ctx, act, () => registerApp(ctx, input));
        const shown = {
          id: app._id,
          name: app.name,
          client_id: app.clientId,
          client_secret: clientSecret,
          redirect_uris: app.redirectUris,
          scopes: app.scopes.join(' '),
        };
        const pairs = [
          ['Client', app.name],
          ['Client id', app.clientId],
          ['Client secret', `${clientSecret}   (shown only now)`],
          ['Redirects', app.redirectUris.join(' ')],
          ['Scopes', shown.scopes],
        ] as const;
        return { json: shown, text: toList(pairs) };
      }),
    );
}
